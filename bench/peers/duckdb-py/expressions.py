"""DuckDB on one thread for bench/expressions: a statement as a JSON string on each line of the input, an answer on each
line of the output: {"ns": CPU time of the statement, "first": the first value of the first row as text}.
"""
import json
import sys
import time

import duckdb


def main() -> None:
    con = duckdb.connect()
    con.execute("SET threads=1")
    con.execute("SET preserve_insertion_order=true")
    for line in sys.stdin:
        sql = json.loads(line)
        start = time.process_time_ns()
        try:
            rows = con.execute(sql).fetchall()
            answer = {"ns": time.process_time_ns() - start, "first": str(rows[0][0]) if rows and rows[0] else ""}
        except duckdb.Error as e:
            answer = {"error": str(e)}
        print(json.dumps(answer), flush=True)


main()
