"""The leaderboard: what stands in the records, beside published figures, as tables that are generated and checked.

`python -m newsmt.evaluation.leaderboard --results eval/results --published eval/published.json \
    --output eval/LEADERBOARD.md --readme README.md [--check]`
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsmt.errors import EvaluationError, NewsmtError
from newsmt.evaluation.machine import is_busy
from newsmt.evaluation.pages import fill_table
from newsmt.evaluation.record import read_record
from newsmt.textfile import write_text

__all__ = ["Entry", "main", "read_published", "read_results", "render_leaderboard", "render_readme_table"]

README_TABLE = "leaderboard"
# Records of summaries lie beside those of translations, in a form of their own.
_SUMMARIES = "summaries"
# Those of the README: one news set per year, and one of general text.
_README_TEST_SETS = ("wmt19", "wmt20", "flores-dev")


_INTRODUCTION = """\
Generated from the records under `results/` and from `published.json`; do not edit. Remake it with `python -m \
newsmt.evaluation.leaderboard --results eval/results --published eval/published.json --output eval/LEADERBOARD.md \
--readme README.md`.

Rows marked *published* are figures of others, copied from where the last column says and not measured again here; all \
other rows were scored by newsmt. Words per second are source words in one pass or, for benchmarks, in the best of \
several, on the processor named: compare them within one processor only."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One system on one test set, measured by newsmt or published by others.

    scores: texts by metric key, with as many decimals as were measured or published.
    source: for a published figure where it stands, else how it was made.
    """

    test_set: str
    system: str
    scores: Mapping[str, str]
    published: bool
    source: str
    speed: str = ""
    segments: int | None = None

    @property
    def rank(self) -> float:
        """BLEU, by which tables are sorted."""
        return float(self.scores.get("bleu", "nan"))


def read_results(folder: Path) -> list[Entry]:
    """Every record of a translation under a folder; raises EvaluationError for a JSON file that is none."""
    entries = []
    for path in sorted(folder.glob("*/*/*.json")):  # <test set>/<model>/<backend>.json
        if path.relative_to(folder).parts[0] == _SUMMARIES:
            continue
        record = read_record(path)
        if record is None:
            raise EvaluationError(f"{path} is no record of this version: make it anew with `newsmt evaluate`")
        if not record["scores"]:
            raise EvaluationError(f"{path} has no scores: its run was interrupted, repeat it with `newsmt evaluate`")
        entries.append(_measured(record))
    return entries


def _measured(record: Mapping[str, Any]) -> Entry:
    generation = record["generation"]
    scores = {
        key: f"{entry['score']:.{4 if key == 'comet' else 1}f}"
        for key, entry in record["scores"].items()
        if entry["score"] is not None
    }
    return Entry(
        test_set=record["test_set"]["name"],
        system=record["system"]["label"],
        scores=scores,
        published=False,
        source=_made_by(generation) if generation else "output of others, scored by newsmt",
        speed=_speed(generation) if generation else "",
        segments=record["test_set"]["segments"],
    )


def _made_by(generation: Mapping[str, Any]) -> str:
    model = generation["model"]
    weights = model.get("revision") or model.get("fingerprint") or "unknown"
    return f"{generation['engine']}, beam {generation['options'].get('beam_size')}, weights {str(weights)[:10]}"


def _speed(generation: Mapping[str, Any]) -> str:
    timed = generation.get("timed") or generation["speed"]
    machine = generation["machine"]
    if is_busy(machine) is not False:
        return "– (machine busy)"
    return f"{timed['words_per_second']:,.0f} on {machine['processors']} × {machine['processor']}"


def read_published(path: Path) -> list[Entry]:
    """Published figures: a file with sources and, per test set and system, scores and the source they stand in."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return [
            Entry(
                test_set=test_set,
                system=system,
                scores={key: str(value) for key, value in figures["scores"].items()},
                published=True,
                source=data["sources"][figures["source"]],
            )
            for test_set, systems in data["test_sets"].items()
            for system, figures in systems.items()
        ]
    except OSError as error:
        raise EvaluationError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EvaluationError(
            f"{path} has no published figures ({error!r}): expected sources and test_sets, see docs/evaluation.md"
        ) from error


def render_leaderboard(entries: Sequence[Entry]) -> str:
    """All test sets, one table each, best BLEU first."""
    parts = ["# Leaderboard", _INTRODUCTION]
    for test_set in _test_sets(entries):
        parts += [f"## {test_set}", _full_table([entry for entry in entries if entry.test_set == test_set])]
    return "\n\n".join(parts) + "\n"


def _test_sets(entries: Sequence[Entry]) -> list[str]:
    return sorted({entry.test_set for entry in entries})


def _full_table(entries: Sequence[Entry]) -> str:
    rows = [("System", "BLEU", "chrF2", "TER", "COMET", "Words/s", "From"), ("---", *["---:"] * 4, "---", "---")]
    for entry in _ranked(entries):
        scores = [entry.scores.get(key, "–") for key in ("bleu", "chrf", "ter", "comet")]
        rows.append((_marked(entry), *scores, entry.speed or "–", entry.source))
    return _markdown(rows)


def render_readme_table(entries: Sequence[Entry]) -> str:
    """BLEU of every system on the README's test sets, for its place in the README."""
    columns = [name for name in _README_TEST_SETS if any(entry.test_set == name for entry in entries)]
    systems = {(entry.system, entry.published): entry for entry in entries if entry.test_set in columns}
    cells = {(entry.system, entry.published, entry.test_set): entry.scores.get("bleu", "–") for entry in entries}
    ranked = sorted(systems, key=lambda key: [-_number(cells.get((*key, column), "–")) for column in columns])
    rows = [("BLEU", *columns), ("---", *["---:"] * len(columns))]
    rows += [(_marked(systems[key]), *(cells.get((*key, column), "–") for column in columns)) for key in ranked]
    return _markdown(rows)


def _ranked(entries: Sequence[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (-_number(entry.scores.get("bleu", "–")), entry.system, entry.source))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return -1.0


def _marked(entry: Entry) -> str:
    return f"{entry.system} (published)" if entry.published else f"**{entry.system}**"


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Write the leaderboard, or with --check say what is out of date; exit code 1 if anything is."""
    parser = argparse.ArgumentParser(prog="python -m newsmt.evaluation.leaderboard", description=main.__doc__)
    parser.add_argument("--results", type=Path, required=True, help="folder of records")
    parser.add_argument("--published", type=Path, help="published figures")
    parser.add_argument("--output", type=Path, required=True, help="the leaderboard, Markdown")
    parser.add_argument("--readme", type=Path, help="a README with a place for the short table")
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args(argv)
    try:
        stale = _write_or_check(arguments)
    except NewsmtError as error:
        print(f"newsmt: {error}", file=sys.stderr)
        return error.exit_code
    for path in stale:
        print(f"newsmt: {path} is out of date: run this command without --check", file=sys.stderr)
    return 1 if stale else 0


def _write_or_check(arguments: argparse.Namespace) -> list[Path]:
    """The files that were found out of date; without --check they are written instead, and none is left."""
    entries = read_results(arguments.results)
    if arguments.published:
        entries += read_published(arguments.published)
    wanted = {arguments.output: render_leaderboard(entries)}
    if arguments.readme:
        readme = arguments.readme.read_text(encoding="utf-8")
        wanted[arguments.readme] = fill_table(readme, render_readme_table(entries), README_TABLE)
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text(encoding="utf-8") != text]
    if arguments.check:
        return stale
    for path in stale:
        write_text(path, wanted[path], make_folder=True)
    return []


if __name__ == "__main__":
    sys.exit(main())
