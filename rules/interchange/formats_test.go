package interchange

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearwell/rules"
)

// loaded compiles an imported contract in a workspace of its own.
func loaded(t *testing.T, imported *Imported, others map[string]string) *rules.Dataset {
	t.Helper()
	dir := t.TempDir()
	files := map[string][]byte{"clearwell.yaml": []byte("workspace: test\ndepartments: {department: {}}\n"), "datasets/" + imported.Dataset + ".yaml": imported.Contract}
	for name, text := range imported.Files {
		files[name] = text
	}
	for name, text := range others {
		files[name] = []byte(text)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ws, err := rules.Load(dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, imported.Contract)
	}
	return ws.Dataset(imported.Dataset)
}

// Every file of testdata gives a contract that compiles, with the lines and the losses that stand behind it.
func TestForeignRulesBecomeContractsThatPassCheck(t *testing.T) {
	for _, c := range []struct {
		name, file string
		opts       Options
		lines      []string // of the contract
		lost       []string // parts of losses
	}{
		{"dbt", dbtFile, Options{Object: "orders", Datasets: []string{"customers"}}, []string{
			"- {id: order_id.not-null, required: true, severity: gate}",
			"- {id: order_id.unique, unique: true, severity: gate}",
			"- {id: status.accepted-values, set: [placed, shipped, returned], when: 'amount > 0', severity: warn}",
			"- {id: customer_id.relationships, exists_in: {dataset: customers, field: id}, severity: gate}",
			"- {id: amount.accepted-range, range: {above: 0, below: 1000.5}, allow: 10, severity: gate}",
			"type: decimal(12,2)",
			"- {id: code.match-regex, pattern: '(?:[A-Z]{2})(?s:.*)', severity: gate}",
			"- {id: unique-combination-of-columns, check: {unique: [order_id_or_null, code_or_null]}, on_fail: keep, severity: gate}",
			"- {id: row-count-between, check: {row_count: {min: 1, max: 100}}, severity: gate}",
		}, []string{"my_own_test: this test is not known here", "expression_is_true: an expression in SQL", "customers: another model or table"}},
		{"soda", sodaFile, Options{}, []string{
			"- {id: row-count, check: {row_count: {above: 0}}, severity: gate}",
			"- {id: id.missing-count, required: true, severity: gate}",
			"- {id: id.duplicate-count, unique: true, severity: gate}",
			"- {id: mail.invalid-count, validate: email, allow: 4, severity: gate}",
			"- {id: age.invalid-percent, range: {min: 0, max: 150}, allow: 5%, severity: gate}",
			"- {id: age.avg, mean: {min: 18}, severity: warn}",
			"- {id: state.invalid-count, set: ['on', 'off'], when: 'age >= 18', severity: gate}",
			"- {id: note.missing-percent, null_share: {below: '5%'}, severity: gate}",
			"- {id: columns, check: {columns: {contains: [id, mail]}}, severity: gate}",
			"- {id: seen.freshness, freshness: 2d, severity: gate}",
		}, []string{"anomaly detection for row_count", "failed rows", "configurations for"}},
		{"frictionless", frictionlessFile, Options{}, []string{
			"source: {path: inbox/people.csv}",
			"- {id: id.required, required: true, severity: gate}",
			"- {id: id.minimum, range: {min: 1}, severity: gate}",
			"- {id: code.pattern, pattern: '[A-Z]+', severity: gate}",
			"- {id: code.enum, set: [A, B], severity: gate}",
			"- {id: born.maximum, range: {max: '2024-12-31'}, severity: gate}",
			"formats: [yyyy/M/d]",
			"nulls: ['-', n/a]",
			"- {id: mail.email, validate: email, severity: gate}",
			"words: {'true': ['Y'], 'false': ['N']}",
			"- {id: primaryKey, check: {unique: [id, code]}, on_fail: keep, severity: gate}",
		}, []string{"type duration", "foreignKeys: the workspace has no dataset", "sources: it has no counterpart"}},
		{"odcs", odcsFile, Options{}, []string{
			"version: '1.1.0'",
			"- {id: txn_id.required, required: true, severity: gate}",
			"- {id: txn_id.primaryKey, unique: true, severity: gate}",
			"- {id: amount.minimum, range: {min: 0}, severity: gate}",
			"type: decimal(14,2)",
			"level: L4",
			"- {id: country.maxLength, length: {max: 2}, severity: gate}",
			"- {id: country.invalid-values, set: [CN, DE], severity: gate}",
			"- {id: country.null-values, title: No nulls, null_share: {max: '1%'}, severity: gate}",
			"- {id: row-count, check: {row_count: {min: 1, max: 100}}, severity: gate}",
		}, []string{"quality: checks of type sql", "servers: a source is", "logicalType: there is no type"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.opts.File = c.name
			got, err := Import([]byte(c.file), c.opts)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Format) != c.name {
				t.Errorf("recognised as %s", got.Format)
			}
			others := map[string]string{}
			if c.opts.Datasets != nil {
				others["datasets/customers.yaml"] = "dataset: customers\nowner: department\nsource: {path: c.csv}\nfields: {id: {level: L1}}\n"
			}
			loaded(t, got, others)
			for _, line := range c.lines {
				if !bytes.Contains(got.Contract, []byte(line)) {
					t.Errorf("the contract lacks %s", line)
				}
			}
			lost := ""
			for _, l := range got.Lost {
				lost += l.String() + "\n"
			}
			for _, part := range c.lost {
				if !strings.Contains(lost, part) {
					t.Errorf("not told as lost: %s", part)
				}
			}
			if t.Failed() {
				t.Logf("%s\n%s", got.Contract, lost)
			}
		})
	}
}

const dbtFile = `version: 2
models:
  - name: customers
    columns: [{name: id, tests: [unique]}]
  - name: orders
    description: Orders of the shop
    tests:
      - dbt_utils.unique_combination_of_columns:
          combination_of_columns: [order_id, code]
      - dbt_utils.expression_is_true: {expression: "a > b"}
      - dbt_expectations.expect_table_row_count_to_be_between: {min_value: 1, max_value: 100}
    columns:
      - name: order_id
        description: The number
        tests: [not_null, unique, my_own_test]
      - name: status
        data_tests:
          - accepted_values:
              arguments:
                values: [placed, shipped, 'returned']
              config: {severity: warn, where: "amount > 0"}
      - name: customer_id
        tests:
          - relationships: {to: "ref('customers')", field: id}
      - name: amount
        data_type: numeric(12,2)
        tests:
          - dbt_utils.accepted_range: {min_value: 0, max_value: 1000.5, inclusive: false, error_if: ">10"}
      - name: code
        tests:
          - dbt_expectations.expect_column_values_to_match_regex: {regex: "^[A-Z]{2}"}
`

const sodaFile = `checks for people:
  - row_count > 0
  - missing_count(id) = 0
  - duplicate_count(id) = 0
  - invalid_count(mail) < 5:
      valid format: email
  - invalid_percent(age) <= 5%:
      valid min: 0
      valid max: 150
  - avg(age):
      warn: when < 18
  - invalid_count(state) = 0:
      valid values: [on, off]
      filter: age >= 18
  - missing_percent(note) < 5%
  - schema:
      fail:
        when required column missing: [id, mail]
  - freshness(seen) < 2d
  - anomaly detection for row_count
  - failed rows:
      fail query: select 1
configurations for people:
  valid min: 1
`

const frictionlessFile = `{"name": "people-package", "title": "人员", "sources": [{"title": "x"}],
 "resources": [{"name": "people", "path": "inbox/people.csv", "schema": {
  "missingValues": ["", "-", "n/a"],
  "fields": [
   {"name": "id", "type": "integer", "constraints": {"required": true, "minimum": 1}},
   {"name": "code", "type": "string", "constraints": {"pattern": "[A-Z]+", "enum": ["A", "B"]}},
   {"name": "born", "type": "date", "format": "%Y/%m/%d", "constraints": {"maximum": "2024-12-31"}},
   {"name": "mail", "type": "string", "format": "email"},
   {"name": "agreed", "type": "boolean", "trueValues": ["Y"], "falseValues": ["N"]},
   {"name": "long", "type": "duration"}],
  "primaryKey": ["id", "code"],
  "foreignKeys": [{"fields": "code", "reference": {"resource": "codes", "fields": "id"}}]}}]}
`

const odcsFile = `apiVersion: v3.1.0
kind: DataContract
id: abc
name: payments
version: 1.1.0
status: active
servers: [{server: x, type: postgres, host: h, port: 1, database: d, schema: s}]
schema:
  - name: payments
    physicalType: table
    quality:
      - {type: library, metric: rowCount, mustBeBetween: [1, 100]}
      - {type: sql, query: select 1, mustBe: 0}
    properties:
      - {name: txn_id, logicalType: string, primaryKey: true}
      - {name: amount, logicalType: number, physicalType: "decimal(14,2)", classification: restricted, logicalTypeOptions: {minimum: 0}}
      - name: country
        logicalType: string
        logicalTypeOptions: {maxLength: 2}
        quality:
          - {type: library, metric: invalidValues, arguments: {validValues: [CN, DE]}, mustBe: 0}
          - {type: library, metric: nullValues, mustBeLessOrEqualTo: 1, unit: percent, description: No nulls}
      - {name: extra, logicalType: object}
`
