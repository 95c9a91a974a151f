"""Compares newsmt's German sentence splitter with others, on the gold file and on news lines joined by spaces.

    pip install -r eval/segmentation/requirements.txt
    python eval/segmentation/compare.py
    python eval/segmentation/compare.py --write docs/segmentation.md

Further files with one sentence a line: --lines NAME=FILE. Without the option, wmt19 and flores-dev are taken from
../shared/testsets beside the repository if they are there. Lines are joined by spaces in groups of six, and each line
end is a boundary. A line can hold two sentences, which counts as a false boundary for every splitter that is right; a
headline without a full stop cannot be told from what follows. So each file is scored twice: all lines, and only those
that end with a full stop or its like.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from gold import HELD_OUT, Case, Score, read_gold, score
from splitters import SPLITTERS, Split, Splitter

from newsmt.evaluation.pages import fill_table
from newsmt.textfile import read_text, write_text

REPOSITORY = Path(__file__).resolve().parents[2]
TEST_SETS = REPOSITORY.parent / "shared" / "testsets"
GROUP = 6
_CLOSED = re.compile(r"[.!?…][\"“”»«')’‘]*$")


@dataclass(frozen=True, slots=True)
class Result:
    """What one splitter did on one list of cases."""

    splitter: Splitter
    cases: Sequence[Case]
    scores: tuple[Score, ...]
    seconds: float

    @property
    def total(self) -> Score:
        """The scores of all cases together."""
        return sum(self.scores, Score())

    @property
    def speed(self) -> float:
        """Sentences a second."""
        return sum(len(case.sentences) for case in self.cases) / self.seconds

    def of_category(self, category: str) -> Score:
        """The scores of one category together."""
        chosen = (found for case, found in zip(self.cases, self.scores, strict=True) if case.category == category)
        return sum(chosen, Score())


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the comparison, print it, and write it into a page if asked to."""
    options = _parser().parse_args(arguments)
    sets = {"gold": read_gold(), "held out": read_gold(HELD_OUT)}
    for name, path in options.lines or _shared_lines():
        lines = _read_lines(path)
        sets[f"{name}, all lines"] = _groups(lines)
        sets[f"{name}, closed lines"] = _groups([line for line in lines if _CLOSED.search(line)])
    loaded = _load()
    results = {name: [_run(splitter, split, cases) for splitter, split in loaded] for name, cases in sets.items()}
    page = _page(results)
    print(page)
    if options.errors:
        _print_errors(dict(loaded), sets)
    if options.write:
        _write(options.write, page)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=_named_path, action="append", metavar="NAME=FILE", help="one sentence a line")
    parser.add_argument("--errors", action="store_true", help="show newsmt's errors on the gold file")
    parser.add_argument("--write", type=Path, metavar="PAGE", help="put the tables between the marks of this page")
    return parser


def _named_path(value: str) -> tuple[str, Path]:
    name, separator, path = value.partition("=")
    if not separator or not name or not Path(path).is_file():
        raise argparse.ArgumentTypeError(f"{value!r}: expected NAME=FILE with a file that exists")
    return name, Path(path)


def _shared_lines() -> list[tuple[str, Path]]:
    paths = [(name, TEST_SETS / name / "source.de") for name in ("wmt19", "flores-dev")]
    for name, path in paths:
        if not path.is_file():
            print(f"{name} is left out: {path} does not exist", file=sys.stderr)
    return [(name, path) for name, path in paths if path.is_file()]


def _read_lines(path: Path) -> list[str]:
    lines = (" ".join(line.split()) for line in path.read_text(encoding="utf-8").split("\n"))
    return [line for line in lines if line]


def _groups(lines: Sequence[str]) -> list[Case]:
    return [Case("lines", tuple(lines[place : place + GROUP])) for place in range(0, len(lines), GROUP)]


def _load() -> list[tuple[Splitter, Split]]:
    loaded = []
    for splitter in SPLITTERS:
        try:
            splitter.version  # noqa: B018 - raises where the package is missing
            loaded.append((splitter, splitter.load()))
        except (ImportError, PackageNotFoundError):
            print(f"{splitter.name} is left out: pip install {splitter.package}", file=sys.stderr)
    return loaded


def _run(splitter: Splitter, split: Split, cases: Sequence[Case]) -> Result:
    split("Ein Satz zum Warmlaufen. Und noch einer.")
    texts = [case.text for case in cases]
    begin = time.process_time()
    found = [split(text) for text in texts]
    seconds = time.process_time() - begin
    scores = tuple(score(case.sentences, sentences) for case, sentences in zip(cases, found, strict=True))
    return Result(splitter, cases, scores, seconds)


def _page(results: dict[str, list[Result]]) -> str:
    parts = [_conditions(results["gold"])]
    for name, rows in results.items():
        parts.append(f"### {name}\n\n{_counts(rows[0])}\n\n{_table(rows)}")
        if name == "gold":
            parts.append("### gold, errors by category\n\n" + _category_table(rows))
    return "\n\n".join(parts)


def _conditions(rows: Sequence[Result]) -> str:
    packages = ", ".join(f"{row.splitter.package} {row.splitter.version}" for row in rows)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    return f"Measured on {today}, one core of {_processor()}, Python {platform.python_version()}; {packages}."


def _processor() -> str:
    try:
        names = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        names = None
    return names[1] if names else platform.processor() or platform.machine()


def _counts(row: Result) -> str:
    sentences = sum(len(case.sentences) for case in row.cases)
    true = row.total.right + row.total.missed
    return f"{len(row.cases)} texts, {sentences} sentences, {true} boundaries within the texts."


def _table(rows: Sequence[Result]) -> str:
    lines = ["| splitter | F1 | false | missed | found | sentences/s |", "|---|---:|---:|---:|---:|---:|"]
    for row in rows:
        total = row.total
        lines.append(
            f"| {row.splitter.name} | {total.f1:.4f} | {total.false} | {total.missed} "
            f"| {100 * total.found:.2f} % | {_rounded(row.speed)} |"
        )
    return "\n".join(lines)


def _rounded(speed: float) -> str:
    digits = max(0, len(str(int(speed))) - 2)
    return f"{round(speed, -digits):,.0f}"


def _category_table(rows: Sequence[Result]) -> str:
    categories = dict.fromkeys(case.category for case in rows[0].cases)
    names = " | ".join(row.splitter.package for row in rows)
    lines = [f"| category | texts | {names} |", "|---|---:|" + "---:|" * len(rows)]
    for category in categories:
        texts = sum(case.category == category for case in rows[0].cases)
        errors = " | ".join(str(row.of_category(category).errors) for row in rows)
        lines.append(f"| {category} | {texts} | {errors} |")
    return "\n".join(lines)


def _print_errors(loaded: dict[Splitter, Split], sets: dict[str, list[Case]]) -> None:
    split = next(split for splitter, split in loaded.items() if splitter.name == "newsmt")
    for case in sets["gold"]:
        found = split(case.text)
        if score(case.sentences, found).errors:
            print(f"{case.category}\n  gold  {' | '.join(case.sentences)}\n  found {' | '.join(found)}")


def _write(path: Path, tables: str) -> None:
    write_text(path, fill_table(read_text(path), tables, name="splitters"))


if __name__ == "__main__":
    raise SystemExit(main())
