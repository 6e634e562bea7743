// Prints every cell of a Parquet file as DuckDB reads it: one JSON array per row,
// after a first line with the column types. Usage: node read.mjs FILE
import { DuckDBInstance } from "@duckdb/node-api";

const db = await (await DuckDBInstance.create(":memory:")).connect();
const file = process.argv[2].replaceAll("'", "''");
const types = await db.runAndReadAll(`DESCRIBE SELECT * FROM '${file}'`);
const columns = types.getRows().map(([name, type]) => [name, type]);
console.log(JSON.stringify(columns));
// The values as text, in forms that Go computes alike: numbers of days and
// microseconds, decimals without their point, floats with 17 decimals, which tell any two apart.
const cell = ([name, type]) => {
  const q = `"${name}"`;
  if (type === "DATE") return `(${q} - DATE '1970-01-01')::VARCHAR`;
  if (type === "TIMESTAMP") return `epoch_us(${q})::VARCHAR`;
  if (type.startsWith("DECIMAL")) return `regexp_replace(replace(${q}::VARCHAR, '.', ''), '^(-?)0+([0-9])', '\\1\\2')`;
  if (type === "DOUBLE") return `format('{:.17e}', ${q})`;
  return `${q}::VARCHAR`;
};
const rows = await db.runAndReadAll(`SELECT ${columns.map(cell).join(", ")} FROM '${file}'`);
for (const row of rows.getRows()) console.log(JSON.stringify(row));
for (const [name, type] of columns) {
  // A predicate on each column goes through statistics, page index and Bloom filter.
  const r = await db.runAndReadAll(`SELECT count(*) FROM '${file}' a WHERE "${name}" IS NOT NULL AND "${name}" >= (SELECT min("${name}") FROM '${file}') AND "${name}" <= (SELECT max("${name}") FROM '${file}')`);
  const all = await db.runAndReadAll(`SELECT count("${name}") FROM '${file}'`);
  if (String(r.getRows()[0][0]) !== String(all.getRows()[0][0])) throw new Error(`column ${name}: ${r.getRows()[0][0]} rows between minimum and maximum, ${all.getRows()[0][0]} not null`);
  const sample = await db.runAndReadAll(`SELECT "${name}" IS NOT DISTINCT FROM v FROM (SELECT any_value("${name}") AS v FROM '${file}'), '${file}' WHERE "${name}" = v LIMIT 1`);
  if (String(all.getRows()[0][0]) !== "0" && sample.getRows().length !== 1) throw new Error(`column ${name}: a value is not found again`);
}
