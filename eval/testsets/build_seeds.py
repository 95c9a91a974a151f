"""Write what is derived from seeds/: the test set eval/testsets/seeds/ and the table in seeds/README.md.

One line of the test set is one block of an article; a paragraph wrapped over several lines becomes one line.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Seed", "derived_files", "load_seeds"]

REPOSITORY = Path(__file__).resolve().parents[2]
SEEDS = REPOSITORY / "seeds"
TEST_SET = REPOSITORY / "eval" / "testsets" / "seeds"
HARD_WRAPPED_KINDS = ("agency brief",)
TABLE_START = "<!-- table: written by eval/testsets/build_seeds.py -->\n"
TABLE_END = "<!-- /table -->\n"


class SeedError(Exception):
    """A seed that cannot become part of the test set."""


@dataclass(frozen=True, slots=True)
class Seed:
    """An article with its translation and summary, as they stand in the files."""

    name: str
    kind: str
    article: str
    reference: str
    summary: str

    @property
    def hard_wrapped(self) -> bool:
        """Whether line ends inside a paragraph mean nothing."""
        return self.kind in HARD_WRAPPED_KINDS

    @property
    def words(self) -> int:
        """White-space separated words of the German article."""
        return len(self.article.split())

    def blocks(self) -> list[tuple[str, str]]:
        """The blocks of the article with their translations.

        Raises SeedError when article and translation have different numbers of blocks.
        """
        article, reference = (_blocks(text, hard_wrapped=self.hard_wrapped) for text in (self.article, self.reference))
        if len(article) != len(reference):
            raise SeedError(
                f"{self.name}: {len(article)} blocks in article.de.txt, {len(reference)} in reference.en.txt"
            )
        return list(zip(article, reference, strict=True))


def load_seeds(directory: Path = SEEDS) -> list[Seed]:
    """All seeds by name."""
    kinds = json.loads((directory / "kinds.json").read_text(encoding="utf-8"))
    folders = {path.name for path in directory.iterdir() if path.is_dir()}
    if folders != set(kinds):
        raise SeedError(f"folders of {directory} and names in kinds.json differ: {sorted(folders ^ set(kinds))}")
    return [_load_seed(directory / name, kinds[name]) for name in sorted(kinds)]


def derived_files(seeds: list[Seed]) -> dict[Path, str]:
    """What each derived file must hold."""
    rows = [(seed.name, source, reference) for seed in seeds for source, reference in seed.blocks()]
    docids, sources, references = ("".join(f"{line}\n" for line in column) for column in zip(*rows, strict=True))
    return {
        TEST_SET / "docids": docids,
        TEST_SET / "source.de": sources,
        TEST_SET / "reference.en": references,
        SEEDS / "README.md": _readme(seeds),
    }


def main() -> int:
    """Write the derived files, or with --check only say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is out of date")
    arguments = parser.parse_args()
    stale = {path: text for path, text in derived_files(load_seeds()).items() if _read(path) != text}
    for path, text in stale.items():
        print(f"{'out of date' if arguments.check else 'written'}: {path.relative_to(REPOSITORY)}")
        if not arguments.check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if arguments.check and stale else 0


def _load_seed(folder: Path, kind: str) -> Seed:
    files = ("article.de.txt", "reference.en.txt", "summary.en.txt")
    article, reference, summary = (_read_exactly(folder / name) for name in files)
    return Seed(name=folder.name, kind=kind, article=article, reference=reference, summary=summary)


def _read_exactly(path: Path) -> str:
    return path.read_bytes().decode("utf-8")  # read_text() would hide CRLF


def _read(path: Path) -> str | None:
    return _read_exactly(path) if path.is_file() else None


def _blocks(text: str, *, hard_wrapped: bool) -> list[str]:
    if hard_wrapped:
        return [" ".join(paragraph.split("\n")) for paragraph in text.strip("\n").split("\n\n")]
    return [line for line in text.split("\n") if line]


def _readme(seeds: list[Seed]) -> str:
    before, start, rest = _read_exactly(SEEDS / "README.md").partition(TABLE_START)
    _, end, after = rest.partition(TABLE_END)
    if not start or not end:
        raise SeedError(f"{SEEDS / 'README.md'} lacks the marks of the table: {TABLE_START!r}, {TABLE_END!r}")
    return before + start + _table(seeds) + end + after


def _table(seeds: list[Seed]) -> str:
    rows = [f"| {seed.name} | {seed.kind} | {seed.words} | {len(seed.blocks())} |" for seed in seeds]
    words = sum(seed.words for seed in seeds)
    blocks = sum(len(seed.blocks()) for seed in seeds)
    total = f"| all {len(seeds)} | | {words} | {blocks} |"
    return "\n".join(["| name | kind | German words | blocks |", "|---|---|--:|--:|", *rows, total]) + "\n"


if __name__ == "__main__":
    sys.exit(main())
