"""The reference job, or another SQL file, through the newest DuckDB from Python.

The SQL is that of the DuckDB peer, statement by statement, with the same settings; the text is the job, the engine is newer.

    job.py --sql job.sql --in input.csv --out FOLDER --codes admin_codes.tsv [--threads N] [--memory 1GB] [--set NAME=VALUE] [-v]

Prints what each SELECT gives, one JSON object on a line.
"""
import argparse
import os
import sys
import time

import duckdb

KEY = b"bench-key-2026"  # of the pseudonym; part of the job


def block(pad: int) -> str:
    """The key block of HMAC-SHA256 (RFC 2104), hex."""
    return bytes(k ^ pad for k in KEY.ljust(64, b"\0")).hex()


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--sql", required=True)
    p.add_argument("--in", dest="source", required=True)
    p.add_argument("--out", required=True)
    p.add_argument("--codes", default="")
    p.add_argument("--threads", type=int, default=os.cpu_count())
    p.add_argument("--memory", default="", help="memory limit, as DuckDB writes it")
    p.add_argument("--set", action="append", default=[], help="a further setting, NAME=VALUE")
    p.add_argument("-v", action="store_true", help="time each statement on stderr")
    a = p.parse_args()
    os.makedirs(a.out, exist_ok=True)

    with open(a.sql, encoding="utf-8") as f:
        text = f.read()
    for name, value in {"$IPAD": block(0x36), "$OPAD": block(0x5C), "$CODES": a.codes, "$OUT": a.out, "$IN": a.source}.items():
        text = text.replace(name, value)

    con = duckdb.connect()
    con.execute(f"SET threads={a.threads}")
    con.execute("SET preserve_insertion_order=false")
    for setting in a.set:
        name, _, value = setting.partition("=")
        con.execute(f"SET {name}='{value}'")
    if a.memory:
        con.execute(f"SET memory_limit='{a.memory}'")
        con.execute(f"SET temp_directory='{a.out}/tmp'")
    for statement in text.split(";\n"):
        statement = statement.strip()
        if not statement:
            continue
        begin = time.monotonic()
        result = con.execute(statement)
        if statement.startswith("SELECT"):
            print(result.fetchone()[0], flush=True)
        if a.v:
            print(f"{time.monotonic() - begin:7.2f}s {statement[:60]!r}", file=sys.stderr)


main()
