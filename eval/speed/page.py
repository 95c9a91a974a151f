"""The table of docs/backends.md, made from what benchmark.py has recorded.

python eval/speed/page.py             # renew it
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from newsmt.evaluation.pages import fill_table
from newsmt.textfile import read_text, write_text

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "eval" / "results" / "speed"
PAGE = ROOT / "docs" / "backends.md"


def main() -> None:
    """Write the page."""
    write_text(PAGE, with_tables(read_text(PAGE)))


def tables() -> str:
    """Speed and memory of every recorded model as Markdown."""
    speed = [_speed_row(_read(path)) for path in sorted(RECORDS.glob("*-speed.json"))]
    memory = [_memory_row(_read(path)) for path in sorted(RECORDS.glob("*-memory.json"))]
    head = "| model | beam | processor | target tokens a second | time: newsmt / bare engine | newsmt / transformers |"
    return "\n".join(
        [
            "Wall time, from articles to articles, against CTranslate2's `translate_batch` on the same pieces, sorted",
            "by length, and against `generate` of transformers with the same weights, beam and batches, in turns.",
            "",
            head,
            "|---|---|---|---|---|---|",
            *speed,
            "",
            "Resident memory while articles of 20 lines are translated one after another:",
            "",
            "| model | beam | MB after 200 articles | MB at the end | ratio |",
            "|---|---|---|---|---|",
            *memory,
            "",
        ]
    )


def with_tables(page: str) -> str:
    """The page with the recorded tables in their place."""
    return fill_table(page, tables(), name="speed")


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return record


def _speed_row(record: dict[str, Any]) -> str:
    ratios = record["ratios"]
    processor = f"{record['processor']}, {record['cores']} cores"
    tokens = record["measured"]["newsmt"]["target_tokens_per_second"]
    engine, transformers = (ratios[f"newsmt / {other}, wall time"] for other in ("bare engine", "transformers"))
    beam = record["options"]["beam_size"]
    return f"| {record['model']} | {beam} | {processor} | {tokens:,.0f} | {engine:.2f} | {transformers:.2f} |"


def _memory_row(record: dict[str, Any]) -> str:
    resident = record["resident_megabytes"]
    articles = max(map(int, resident))
    row = f"| {record['model']} | {record['options']['beam_size']} | {resident['200']:.0f} "
    return row + f"| {resident[str(articles)]:.0f} ({articles:,} articles) | {record['ratio']:.3f} |"


if __name__ == "__main__":
    main()
