package interchange

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// odcsSilent are keys of ODCS that say who uses a contract, where and for how much: nothing that
// a contract here holds data to. They are listed as not carried over.
var odcsSilent = map[string]string{
	"servers": "a source is a file of the inbox; name it with --source", "team": "who is responsible stands in clearwell.yaml", "roles": "access is not part of a contract",
	"support": "contacts stand in clearwell.yaml", "price": "prices are not part of a contract", "slaProperties": "write update: and freshness: for what the delivery must keep",
	"tags": "tags have no counterpart", "customProperties": "own properties have no counterpart", "authoritativeDefinitions": "write the regulation under basis",
	"relationships": "write exists_in or pair_in with a dataset of the workspace",
}

// importODCS carries over one schema object of a contract of the Open Data Contract Standard v3.
func importODCS(d *draft) error {
	root := d.tree.root
	version := root.get("apiVersion").text()
	if !strings.HasPrefix(version, "v3.") {
		return fmt.Errorf("%s: %q is not a version of ODCS that is read; it must be v3.0.0 or later, up to v3.1.0", d.tree.file, version)
	}
	for _, key := range []string{"kind", "id", "domain", "dataProduct", "tenant", "contractCreatedTs", "slaDefaultElement"} {
		root.get(key).finish()
	}
	d.title = root.get("name").text()
	d.version = root.get("version").text()
	if status := root.get("status"); status.there() {
		d.lose(status, "status", "approval does not travel: the contract begins without one; write status, and approved: once it is")
	}
	description := root.get("description")
	for _, key := range []string{"purpose", "usage", "limitations"} {
		if t := oneLine(description.get(key).text()); t != "" {
			d.notes = append(d.notes, key+": "+t)
		}
	}
	for key, reason := range odcsSilent {
		if v := root.get(key); v.there() && (len(v.Items)+len(v.Entries) > 0) {
			d.lose(v, key, "%s", reason)
		} else {
			v.finish()
		}
	}
	object, err := d.object("schema object", root.get("schema").items(), func(n node) string { return n.get("name").text() })
	if err != nil {
		return err
	}
	d.out.Dataset = object.get("name").text()
	if t := object.get("businessName").text(); t != "" {
		d.title = t
	}
	if t := oneLine(object.get("description").text()); t != "" {
		d.notes = append(d.notes, t)
	}
	for _, key := range []string{"id", "logicalType", "physicalType", "physicalName", "dataGranularityDescription"} {
		object.get(key).finish()
	}
	d.odcsSilence(object)
	var key []string
	for _, n := range object.get("properties").items() {
		if name := d.odcsProperty(n); name != "" {
			key = append(key, name)
		}
	}
	switch len(key) {
	case 0:
	case 1:
		d.put(d.ref(key[0], anyKind), "primaryKey", block{{"unique", plain("true")}}, false, found{from: "primaryKey"})
	default:
		d.putRule("primaryKey", rule{conditions: block{{"unique", refList(d.refs(key, anyKind))}}}, found{from: "primaryKey"})
	}
	for _, q := range object.get("quality").items() {
		d.attempt(q, or(q.get("metric", "rule", "name").text(), "quality"), func() error { return d.odcsQuality(q, "") })
	}
	return nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// odcsSilence lists keys of an element that say nothing about data.
func (d *draft) odcsSilence(n node) {
	for _, key := range []string{"tags", "customProperties", "authoritativeDefinitions", "relationships"} {
		if v := n.get(key); v.there() && len(v.Items)+len(v.Entries) > 0 {
			d.lose(v, key, "%s", odcsSilent[key])
		} else {
			v.finish()
		}
	}
}

// odcsTypes are logical types and what they are here.
var odcsTypes = map[string]need{"string": text, "date": date, "timestamp": timestamp, "number": number, "integer": integer, "boolean": boolean}

// odcsLevels are classifications and levels: the least that they can mean.
var odcsLevels = map[string]string{"public": "L1", "internal": "L2", "confidential": "L3", "restricted": "L4", "l1": "L1", "l2": "L2", "l3": "L3", "l4": "L4"}

// odcsProperty carries over one property; it gives its name if it is part of the primary key.
func (d *draft) odcsProperty(n node) string {
	name := n.get("name").text()
	if name == "" {
		d.lose(n, "property", "it has no name")
		return ""
	}
	c := d.column(or(n.get("physicalName").text(), name))
	name = c.source
	c.described(n.get("businessName").text(), n.get("description").text())
	for _, key := range []string{"id", "partitioned", "partitionKeyPosition", "primaryKeyPosition", "encryptedName", "transformSourceObjects", "transformLogic", "transformDescription", "examples", "criticalDataElement"} {
		n.get(key).finish()
	}
	d.odcsSilence(n)
	logical, physical := n.get("logicalType"), n.get("physicalType")
	if t, ok := sqlType(physical.text()); ok {
		c.explicit = t
	}
	if kind, ok := odcsTypes[logical.text()]; ok {
		fits := c.explicit.kind == kind || kind == number && c.explicit.kind == integer || kind == date && c.explicit.kind == timestamp || c.explicit.name != "" && kind == number
		if !fits {
			c.explicit = typed{kind: kind, years: kind == date || kind == timestamp}
			if kind == boolean {
				c.explicit, _ = sqlType("boolean")
			}
		}
	} else if logical.there() {
		c.explicit = typed{kind: text}
		d.lose(logical, "logicalType", "there is no type %q here; the field is text", logical.text())
	}
	if c.explicit.kind == anyKind {
		c.explicit = typed{kind: text}
	}
	d.odcsOptions(n.get("logicalTypeOptions"), c)
	if level := n.get("classification"); level.there() {
		if c.level = odcsLevels[strings.ToLower(level.text())]; c.level == "" {
			d.lose(level, "classification", "%q is no level that is known; levels are L1 to L4", level.text())
		}
	}
	key := n.get("primaryKey").isTrue()
	if n.get("required").isTrue() || key {
		d.put(d.ref(name, anyKind), "required", block{{"required", plain("true")}}, false, found{from: "required"})
	}
	if n.get("unique").isTrue() {
		d.put(d.ref(name, anyKind), "unique", block{{"unique", plain("true")}}, false, found{from: "unique"})
	}
	for _, q := range n.get("quality").items() {
		d.attempt(q, or(q.get("metric", "rule", "name").text(), "quality"), func() error { return d.odcsQuality(q, name) })
	}
	if key {
		return name
	}
	return ""
}

// odcsOptions carries over the options of a logical type.
func (d *draft) odcsOptions(n node, c *column) {
	for _, e := range n.entries() {
		from := found{from: "logicalTypeOptions." + e.key}
		d.attempt(e.value, e.key, func() error {
			switch e.key {
			case "minLength", "maxLength":
				v, err := valueOf(e.value)
				if err != nil || v.kind != number {
					return errors.New("it is no whole number")
				}
				d.put(d.ref(c.source, text), e.key, block{{"length", block{{e.key[:3], v.text}}}}, false, from)
			case "pattern":
				p, err := searched(e.value.text())
				if err != nil {
					return err
				}
				d.put(d.ref(c.source, text), e.key, block{{"pattern", p}}, false, from)
			case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
				key := map[string]string{"minimum": "min", "maximum": "max", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}[e.key]
				on, err := d.bounded(c.source, c.explicit, e.value)
				if err != nil {
					return err
				}
				d.put(on, e.key, block{{"range", block{{key, e.value.text()}}}}, false, from)
			case "format":
				switch c.explicit.kind {
				case date, timestamp:
					format := e.value.text()
					kind := c.explicit.kind
					if strings.ContainsAny(format, "Hms") {
						kind = timestamp
					}
					if err := formatKnown(kind, format); err != nil {
						return err
					}
					c.explicit.kind, c.explicit.formats = kind, []string{format}
					return nil
				case text:
					f := map[string]block{"email": {{"validate", "email"}}, "uuid": {{"validate", "uuid"}}, "uri": {{"validate", "uri"}}, "ipv4": {{"validate", "ipv4"}}, "ipv6": {{"validate", "ipv6"}}, "hostname": {{"validate", "hostname_rfc1123"}}}[e.value.text()]
					if f == nil {
						return fmt.Errorf("the format %q is not known here", e.value.text())
					}
					d.put(d.ref(c.source, text), "format", f, false, from)
					return nil
				}
				return nil // i32, f64 and the like: how machines keep numbers
			default:
				return errors.New("this option has no counterpart")
			}
			return nil
		})
	}
}

// odcsOperators are the operators of a check on a metric.
var odcsOperators = map[string]string{"mustBe": "=", "mustNotBe": "!=", "mustBeGreaterThan": ">", "mustBeGreaterOrEqualTo": ">=", "mustBeLessThan": "<", "mustBeLessOrEqualTo": "<="}

// odcsQuality carries over one check; column is empty for those of the table.
func (d *draft) odcsQuality(n node, column string) error {
	kind := or(n.get("type").text(), "library")
	if kind != "library" {
		return fmt.Errorf("checks of type %s have no counterpart; write the rule by hand", kind)
	}
	metric := n.get("metric", "rule").text()
	s := &soda{draft: d, n: n, settings: n.get("arguments"), column0: column, found: found{from: "quality " + metric}}
	s.found.title = oneLine(or(n.get("name").text(), n.get("description").text()))
	for _, key := range []string{"id", "name", "description", "dimension", "businessImpact", "schedule", "scheduler", "method", "tags", "customProperties", "authoritativeDefinitions"} {
		n.get(key).finish()
	}
	if severity := n.get("severity").text(); severity == "warning" || severity == "info" {
		s.found.severity = "warn"
	}
	s.share = n.get("unit").text() == "percent"
	percent := s.share
	given := 0
	for key, sign := range odcsOperators {
		v := n.get(key)
		if !v.there() {
			continue
		}
		given++
		if err := s.limit(sign, v.text()); err != nil {
			return err
		}
	}
	if between := n.get("mustBeBetween"); between.there() {
		ends := between.items()
		if len(ends) != 2 || !ends[0].isNumber() || !ends[1].isNumber() {
			return errors.New("mustBeBetween needs two numbers")
		}
		given++
		s.limits = block{{"min", ends[0].text()}, {"max", ends[1].text()}}
	}
	if given != 1 {
		return errors.New("it needs one operator such as mustBe")
	}
	switch metric {
	case "rowCount":
		s.metric = "row_count"
		return s.carry(nil)
	case "nullValues", "missingValues", "nullCheck":
		s.metric = "missing_count"
		if v := s.settings.get("missingValues"); v.there() {
			c := d.column(column)
			c.nulls = append(c.nulls, slices.DeleteFunc(words(v), func(w string) bool { return w == "null" })...)
		}
		if column == "" {
			return errors.New("it stands under no property")
		}
		return s.missing("null-values", percent)
	case "duplicateValues", "uniqueCheck", "duplicateCount":
		columns := words(s.settings.get("properties"))
		if column != "" {
			columns = []string{column}
		}
		if len(columns) == 0 {
			return errors.New("it names no property")
		}
		s.column0, s.metric = columns[0], "duplicate_count"
		s.share = percent
		return s.carry(columns)
	case "invalidValues", "validValues":
		values, k, err := valueSet(s.settings.get("validValues"))
		if p := s.settings.get("pattern"); p.there() && column != "" {
			expr, err := searched(p.text())
			if err != nil {
				return err
			}
			if err := s.failures(percent, ""); err != nil {
				return err
			}
			d.put(d.ref(column, text), "invalid-values", block{{"pattern", expr}}, false, s.found)
			return nil
		}
		if err != nil || len(values) == 0 || column == "" {
			return errors.New("it does not say which values of which property are valid (arguments: {validValues: [...]})")
		}
		if err := s.failures(percent, ""); err != nil {
			return err
		}
		d.put(d.ref(column, k), "invalid-values", block{{"set", setOf(values)}}, false, s.found)
		return nil
	}
	return fmt.Errorf("the metric %q is not known here", metric)
}
