"""Figures of UTC days with pandas, as people write them in a notebook: no source counts before another one, no zone."""

import sqlite3
import sys

import pandas

with sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True) as connection:
    samples = pandas.read_sql_query("SELECT type_id, start_ms, value FROM samples WHERE value IS NOT NULL", connection)
samples["day"] = pandas.to_datetime(samples["start_ms"], unit="ms", utc=True).dt.floor("D")
days = samples.groupby(["type_id", "day"])["value"].agg(["sum", "mean", "min", "max", "last", "count"])
print(len(days))
