-- Presents what clearwell published under the names and in the columns that the peers' comparison reads.
-- $IN holds links to the published files (clean/) and to the quarantine (quarantine/); $OUT gets two Parquet files.
COPY (SELECT record_id, source_dept, id_token, name, gender, birth_band, phone, address, admin_code, uscc, amount,
    register_date, update_time, email_domain, remark FROM read_parquet('$IN/clean/*.parquet'))
  TO '$OUT/clean.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (SELECT record_id, _reasons AS reasons FROM read_parquet('$IN/quarantine/*.parquet'))
  TO '$OUT/quarantine.parquet' (FORMAT parquet, COMPRESSION zstd);

SELECT json_object('sum_amount', CAST(sum(amount) AS VARCHAR), 'min_token', min(id_token), 'max_token', max(id_token), 'phones', count(phone),
  'addr_distinct', count(DISTINCT address)) FROM '$OUT/clean.parquet';
