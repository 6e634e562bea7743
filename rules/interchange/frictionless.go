package interchange

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"clearwell/rules/syntax"
)

// importFrictionless carries over a Table Schema, a Data Resource or one resource of a Data Package.
func importFrictionless(d *draft) error {
	root := d.tree.root
	schema, resource := root, node{}
	if root.has("resources") {
		d.packageOf(root)
		found, err := d.object("resource", root.get("resources").items(), func(n node) string { return n.get("name").text() })
		if err != nil {
			return err
		}
		resource = found
	} else if root.has("schema") {
		resource = root
	}
	if resource.Node != nil {
		schema = resource.get("schema")
		d.resource(resource)
	}
	if !schema.isMap() || !schema.has("fields") {
		return fmt.Errorf("%s: there is no schema with fields in it; a schema in another file is imported from there", d.tree.file)
	}
	schema.get("$schema").finish()
	if missing := schema.get("missingValues"); missing.there() {
		for _, n := range missing.items() {
			if n.isMap() {
				n = n.get("value")
			}
			if t := n.text(); t != "" {
				d.nullable = append(d.nullable, t)
			}
		}
	}
	for _, n := range schema.get("fields").items() {
		name := n.get("name").text()
		if name == "" {
			d.lose(n, "field", "it has no name")
			continue
		}
		d.frictionlessField(n, name)
	}
	d.frictionlessKeys(schema)
	return nil
}

// packageOf takes title and licence of a package.
func (d *draft) packageOf(root node) {
	for _, key := range []string{"$schema", "profile", "name", "id", "created", "version"} {
		root.get(key).finish()
	}
	d.title = root.get("title").text()
	if t := strings.TrimSpace(root.get("description").text()); t != "" {
		d.notes = append(d.notes, t)
	}
	if licences := root.get("licenses").items(); len(licences) == 1 && licences[0].isMap() {
		d.license = licences[0].get("name").text()
		licences[0].finish()
	}
}

// resource takes over where the data is and how it is written.
func (d *draft) resource(n node) {
	d.out.Dataset = n.get("name").text()
	if t := n.get("title").text(); t != "" {
		d.title = t
	}
	if t := strings.TrimSpace(n.get("description").text()); t != "" {
		d.notes = append(d.notes, t)
	}
	for _, key := range []string{"$schema", "type", "profile", "mediatype", "bytes", "hash", "format"} {
		n.get(key).finish()
	}
	path := n.get("path")
	if d.opts.Source == "" && path.isText() && !strings.Contains(path.text(), "://") {
		d.opts.Source = path.text()
	}
	if path.isList() {
		d.lose(path, "path", "several files are written as one pattern: source: {path: inbox/part-*.csv}")
	}
	path.finish()
	switch encoding := strings.ToLower(n.get("encoding").text()); encoding {
	case "", "utf-8", "utf8", "gbk", "gb18030":
	default:
		d.lose(n.get("encoding"), "encoding", "the encoding %q is not read", encoding)
	}
	if dialect := n.get("dialect"); dialect.isMap() {
		for _, e := range dialect.entries() {
			switch t := e.value.text(); {
			case e.key == "delimiter" && (t == "," || t == ";" || t == "\t" || t == "|"), e.key == "quoteChar" && t == `"`, e.key == "doubleQuote" && t == "true", e.key == "header" && t == "true",
				e.key == "lineTerminator", e.key == "skipInitialSpace", e.key == "csvddfVersion", e.key == "$schema", e.key == "caseSensitiveHeader":
				e.value.finish() // found out by looking, or the only way in which sources are read
			default:
				d.lose(e.value, e.key, "sources are read as CSV with a header and quotes doubled")
			}
		}
	}
}

// isText reports whether a value is one text.
func (n node) isText() bool {
	return n.Node != nil && n.Shape == syntax.Scalar
}

// frictionlessTypes are types of a Table Schema and what they are here.
var frictionlessTypes = map[string]need{"string": text, "number": number, "integer": integer, "boolean": boolean, "date": date, "datetime": timestamp, "any": text, "year": integer}

func (d *draft) frictionlessField(n node, name string) {
	c := d.column(name)
	c.described(n.get("title").text(), n.get("description").text())
	n.get("rdfType").finish()
	n.get("example").finish()
	kind := or(n.get("type").text(), "string")
	format := n.get("format").text()
	t := typed{kind: text}
	if known, ok := frictionlessTypes[kind]; ok {
		t.kind = known
	} else if kind == "object" || kind == "array" || kind == "geojson" {
		d.put(d.ref(name, text), "json", block{{"json", plain("true")}}, false, found{from: "type: " + kind})
		if kind != "object" {
			d.partly(n.get("type"), "type "+kind, "that the text is JSON is checked, not of which kind")
		}
	} else {
		d.lose(n.get("type"), "type "+kind, "there is no such type here; the field is text")
	}
	switch t.kind {
	case date, timestamp:
		t.years = true
		if format != "" && format != "default" {
			if got, err := strftime(format); err != nil {
				d.lose(n.get("format"), "format", "%s; give the field formats", err)
			} else if t.formats = got.formats; t.kind == date && got.kind == timestamp {
				t.kind = timestamp
			}
		}
	case boolean:
		t.words = block{{"true", texts([]string{"true", "True", "TRUE", "1"})}, {"false", texts([]string{"false", "False", "FALSE", "0"})}}
		for i, key := range []string{"trueValues", "falseValues"} {
			if list := words(n.get(key)); list != nil {
				t.words[i].value = texts(list)
			}
		}
	case text:
		d.frictionlessFormat(n, name, format)
	case number, integer:
		for _, key := range []string{"decimalChar", "groupChar", "bareNumber"} {
			if v := n.get(key); v.there() && v.text() != map[string]string{"decimalChar": ".", "bareNumber": "true"}[key] && v.text() != "" {
				d.lose(v, key, "write a step into clean: number: {...} reads grouping and signs of currency")
			}
		}
	}
	if list := n.get("missingValues"); list.there() {
		c.nulls = append(c.nulls, words(list)...)
	}
	c.explicit = t
	d.constraints(n.get("constraints"), name, t)
}

// frictionlessFormat carries over formats of texts.
func (d *draft) frictionlessFormat(n node, name, format string) {
	rule := map[string]block{"email": {{"validate", "email"}}, "uri": {{"validate", "uri"}}, "uuid": {{"validate", "uuid"}}, "binary": {{"validate", "base64"}}}[format]
	switch {
	case format == "" || format == "default":
	case rule == nil:
		d.lose(n.get("format"), "format", "the format %q is not known here", format)
	default:
		d.put(d.ref(name, text), format, rule, false, found{from: "format: " + format})
		d.carried(n.get("format"), "format "+format, d.checks[len(d.checks)-1].id)
	}
}

// constraints carries over the constraints of a field.
func (d *draft) constraints(n node, name string, t typed) {
	for _, e := range n.entries() {
		from := found{from: "constraints." + e.key}
		d.attempt(e.value, e.key, func() error {
			switch e.key {
			case "required", "unique":
				if !e.value.isTrue() {
					return nil
				}
				d.put(d.ref(name, anyKind), e.key, block{{e.key, plain("true")}}, false, from)
			case "minLength", "maxLength":
				v, err := valueOf(e.value)
				if err != nil || v.kind != number {
					return errors.New("it is no whole number")
				}
				key := map[string]string{"minLength": "min", "maxLength": "max"}[e.key]
				d.put(d.ref(name, text), e.key, block{{"length", block{{key, v.text}}}}, false, from)
			case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
				key := map[string]string{"minimum": "min", "maximum": "max", "exclusiveMinimum": "above", "exclusiveMaximum": "below"}[e.key]
				on, err := d.bounded(name, t, e.value)
				if err != nil {
					return err
				}
				d.put(on, e.key, block{{"range", block{{key, e.value.text()}}}}, false, from)
			case "pattern":
				p, err := matched(e.value.text())
				if err != nil {
					return err
				}
				d.put(d.ref(name, text), e.key, block{{"pattern", p}}, false, from)
			case "enum":
				return d.enum(e.value, name, t, from)
			case "jsonSchema":
				file := "schemas/" + strings.ToLower(d.column(name).name) + ".json"
				e.value.finish()
				d.files[file] = jsonText(e.value)
				d.put(d.ref(name, text), e.key, block{{"json", block{{"schema", file}}}}, false, from)
			default:
				return errors.New("this constraint is not known here")
			}
			return nil
		})
	}
}

// bounded refers to a field by a bound of its values.
func (d *draft) bounded(name string, t typed, n node) (*ref, error) {
	switch t.kind {
	case number, integer:
		if !plainNumber(n.text()) {
			return nil, fmt.Errorf("%q is no number", n.text())
		}
		_, whole, ok := plainDecimal(n.text())
		if !ok {
			return nil, fmt.Errorf("%q is a number too long for a contract", n.text())
		}
		if whole {
			return d.ref(name, number), nil
		}
		return d.ref(name, fraction), nil
	case date, timestamp:
		if err := dayOrTime(n.text(), t); err != nil {
			return nil, err
		}
		on := d.ref(name, t.kind)
		on.typ = &t
		return on, nil
	}
	return nil, errors.New("bounds are of numbers, dates and times")
}

// enum carries over a list of values.
func (d *draft) enum(n node, name string, t typed, from found) error {
	values, kind, err := valueSet(n)
	if err == nil && len(values) == 0 {
		err = errors.New("the list of values is empty")
	}
	if err != nil {
		return err
	}
	switch {
	case t.kind == boolean:
		return errors.New("a list of values of a boolean has no counterpart; write expr")
	case t.kind == number || t.kind == integer:
		for _, v := range values {
			if !plainNumber(v) {
				return fmt.Errorf("%q is no number", v)
			}
		}
		if kind != fraction {
			kind = number
		}
	case t.kind == date || t.kind == timestamp:
		for _, v := range values {
			if err := dayOrTime(v, t); err != nil {
				return err
			}
		}
		on := d.ref(name, t.kind)
		on.typ = &t
		d.put(on, "enum", block{{"set", setOf(values)}}, false, from)
		return nil
	default:
		kind = text
	}
	d.put(d.ref(name, kind), "enum", block{{"set", setOf(values)}}, false, from)
	return nil
}

// dayOrTime reports a text that is not written as contracts write dates and times.
func dayOrTime(s string, t typed) error {
	got, err := dated([2]*value{{s, text}, nil})
	if err != nil {
		return err
	}
	if got.kind != t.kind {
		return fmt.Errorf("%q is no %s", s, t.kind)
	}
	return nil
}

// frictionlessKeys carries over the keys of a schema.
func (d *draft) frictionlessKeys(schema node) {
	unique := func(n node, what string) error {
		names := words(n)
		for _, name := range names {
			if !slices.ContainsFunc(d.columns, func(c *column) bool { return c.source == name }) {
				return fmt.Errorf("the schema has no field %q", name)
			}
		}
		switch len(names) {
		case 0:
			return nil
		case 1:
			d.put(d.ref(names[0], anyKind), what, block{{"unique", plain("true")}}, false, found{from: what})
		default:
			d.putRule(what, rule{conditions: block{{"unique", refList(d.refs(names, anyKind))}}}, found{from: what})
		}
		if what == "primaryKey" {
			for _, name := range names {
				d.put(d.ref(name, anyKind), "primaryKey-required", block{{"required", plain("true")}}, false, found{from: what})
			}
		}
		return nil
	}
	if key := schema.get("primaryKey"); key.there() {
		d.attempt(key, "primaryKey", func() error { return unique(key, "primaryKey") })
	}
	for _, key := range schema.get("uniqueKeys").items() {
		d.attempt(key, "uniqueKeys", func() error { return unique(key, "uniqueKeys") })
	}
	for _, key := range schema.get("foreignKeys").items() {
		d.attempt(key, "foreignKeys", func() error {
			reference := key.get("reference")
			id, err := d.known(reference.get("resource").text())
			if err != nil {
				return err
			}
			own, there := words(key.get("fields")), words(reference.get("fields"))
			if len(own) == 0 || len(own) != len(there) {
				return errors.New("its fields and those of the reference are not as many")
			}
			if len(own) == 1 {
				d.put(d.ref(own[0], anyKind), "foreignKey", block{{"exists_in", block{{"dataset", id}, {"field", there[0]}}}}, false, found{from: "foreignKeys"})
				return nil
			}
			d.putRule("foreignKey", rule{conditions: block{{"pair_in", block{{"fields", refList(d.refs(own, anyKind))}, {"dataset", id}, {"as", texts(there)}}}}}, found{from: "foreignKeys"})
			return nil
		})
	}
}
