SELECT -- What the peers' comparison leaves out, first: the amount.
  json_object('amount', count_if(d.amount IS DISTINCT FROM p.amount)) FROM '$OUT/clean.parquet' d JOIN '$IN/clean.parquet' p USING (record_id);

SELECT -- The names and types of the columns.
  json_object('types', count(*)) FROM (
  (SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '$OUT/clean.parquet') EXCEPT SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '$IN/clean.parquet'))
  UNION ALL
  (SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '$IN/clean.parquet') EXCEPT SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM '$OUT/clean.parquet')));

SELECT -- Rows that one quarantine has alone. (The runner prints the result of a statement only if it begins with SELECT.)
  json_object('quarantine_here', (SELECT count(*) FROM '$OUT/quarantine.parquet'), 'quarantine_there', (SELECT count(*) FROM '$IN/quarantine.parquet'));
