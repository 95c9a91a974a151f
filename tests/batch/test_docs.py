"""The figures of docs/batch.md are those of the record that the benchmark wrote."""

import json
import runpy
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_tables_of_the_page_are_those_of_the_record(tmp_path):
    benchmark = runpy.run_path(str(ROOT / "eval" / "batch" / "throughput.py"))
    record = json.loads((ROOT / "eval" / "results" / "batch" / "throughput.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "batch.md").read_text(encoding="utf-8")
    copy = tmp_path / "batch.md"
    copy.write_text(page, encoding="utf-8")
    benchmark["fill_page"](copy, record)
    assert copy.read_text(encoding="utf-8") == page
    assert record["files"] >= 1000
    assert f"| newsmt batch | {record['seconds']['newsmt batch']:.1f} |" in page
