// Runs one SQL query and prints its rows as NDJSON, one object a row; every value
// that is not null is text as DuckDB casts it (dates, decimals and large integers keep all digits).
//
//   node query.mjs "SELECT * FROM read_parquet('part.parquet')"
import { DuckDBInstance } from '@duckdb/node-api'

const connection = await (await DuckDBInstance.create(':memory:')).connect()
const text = `SELECT COLUMNS(*)::VARCHAR FROM (${process.argv[2]}) AS q`
const reader = await connection.runAndReadAll(text)
for (const row of reader.getRowObjectsJson()) console.log(JSON.stringify(row))
