"""Test sets: German sources with English references, by sacrebleu's name or from a directory or file of one's own."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from newsmt.errors import EvaluationError, MisalignedTestSetError
from newsmt.evaluation.lines import LineFile, read_lines, read_utf8

__all__ = ["LANGUAGE_PAIR", "TestSet", "available_test_sets", "load_test_set"]

LANGUAGE_PAIR = "de-en"
_DATA_SUFFIXES = (".tsv", ".tsv.gz", ".jsonl", ".jsonl.gz")


@dataclass(frozen=True, slots=True)
class TestSet:
    """Sources and references that pair up segment by segment.

    sources: the German segments.
    references: one tuple per reference translation, each as long as `sources`.
    docids: the document of each segment, or None where documents are not known.
    systems: outputs of other systems that lie beside the test set, by label.
    origin: where it was read from.
    notes: what was put right or is odd, for the user to see.
    """

    __test__: ClassVar[bool] = False  # its name makes pytest take it for a test class

    name: str
    sources: tuple[str, ...]
    references: tuple[tuple[str, ...], ...]
    docids: tuple[str, ...] | None = None
    systems: Mapping[str, Path] = field(default_factory=dict)
    origin: str = ""
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def source_fingerprint(self) -> str:
        """SHA-256 over the sources: what a hypothesis file depends on."""
        return _fingerprint([self.sources])

    @property
    def fingerprint(self) -> str:
        """SHA-256 over sources, references and document ids: what a score depends on."""
        return _fingerprint([self.sources, *self.references, self.docids or ()])

    @property
    def source_words(self) -> int:
        """White-space separated words of all sources."""
        return sum(len(source.split()) for source in self.sources)

    def documents(self) -> dict[str, list[int]]:
        """The segments of each document, by docid; empty where documents are not known."""
        documents: dict[str, list[int]] = {}
        for index, docid in enumerate(self.docids or ()):
            documents.setdefault(docid, []).append(index)
        return documents


def load_test_set(test_set: str | Path) -> TestSet:
    """Load a test set by sacrebleu's name ("wmt19") or from a directory or a .tsv or .jsonl file.

    A name of sacrebleu wins over a directory of that name; write "./wmt19" for the directory.
    Raises EvaluationError (MisalignedTestSetError for lines that do not pair up), TextDecodingError.
    """
    if isinstance(test_set, str) and test_set in available_test_sets():
        return _load_from_sacrebleu(test_set)
    path = Path(test_set)
    if path.is_dir():
        return _load_directory(path)
    if path.name.endswith(_DATA_SUFFIXES):
        return _load_data_file(path, name=path.name.split(".")[0])
    if path.is_file():
        raise EvaluationError(
            f"{path} is no test set: expected a directory with source.de and reference*.en, or a .tsv or .jsonl file"
        )
    raise EvaluationError(_unknown_test_set(str(test_set)))


def available_test_sets() -> list[str]:
    """The German-to-English test sets that sacrebleu knows by name."""
    from sacrebleu.dataset import DATASETS

    return sorted(name for name, dataset in DATASETS.items() if LANGUAGE_PAIR in dataset.langpairs)


def _unknown_test_set(name: str) -> str:
    known = available_test_sets()
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    meant = f"did you mean {' or '.join(near)}? " if near else ""
    main = [each for each in known if each.startswith("wmt") and "/" not in each]
    return (
        f"no test set {name!r}: neither a directory nor a name sacrebleu knows for {LANGUAGE_PAIR}; {meant}"
        f"known are {', '.join(main)} and their variants (`sacrebleu --list -l {LANGUAGE_PAIR}`)"
    )


# --- sacrebleu's own test sets ---------------------------------------------------------------------------------------


def _load_from_sacrebleu(name: str) -> TestSet:
    files = _sacrebleu_files(name)
    columns = {kind: read_lines(path) for kind, path in files.items()}
    source = columns["src"]
    references = [column for kind, column in columns.items() if kind.startswith("ref")]
    for reference in references:
        _require_same_length(source, reference)
    notes = [note for column in [source, *references] for note in column.notes]
    blank = sum(not any(lines) for lines in zip(*(reference.lines for reference in references), strict=True))
    if blank:
        notes.append(f"{name}: {blank} segments have only blank references; kept, as sacrebleu does")
    docids = columns["docid"].lines if "docid" in columns else None
    return TestSet(
        name=name,
        sources=source.lines,
        references=tuple(reference.lines for reference in references),
        docids=_useful_docids(docids, len(source.lines)),
        origin=f"sacrebleu {name} {LANGUAGE_PAIR}, {source.path.parent}",
        notes=tuple(notes),
    )


def _sacrebleu_files(name: str) -> dict[str, Path]:
    """The plain text files of a test set in sacrebleu's cache, downloaded by sacrebleu where they are missing."""
    from sacrebleu.dataset import DATASETS
    from sacrebleu.utils import SACREBLEU_DIR

    dataset = DATASETS[name]
    path_of: Callable[[str, str], str] = dataset._get_txt_file_path
    paths = {kind: Path(path_of(LANGUAGE_PAIR, kind)) for kind in ["src", *_sacrebleu_references(dataset), "docid"]}
    if not all(path.is_file() for kind, path in paths.items() if kind != "docid"):
        try:
            dataset.process_to_text(LANGUAGE_PAIR)
        except (Exception, SystemExit) as error:  # sacrebleu lets urllib's errors through and calls sys.exit
            reason = getattr(error, "reason", None) or error
            raise EvaluationError(
                f"test set {name!r} is not in sacrebleu's cache ({SACREBLEU_DIR}) and cannot be downloaded: {reason}; "
                "connect to the network, or set SACREBLEU to a folder that has it "
                f"(it must hold {paths['src'].parent.name}/{paths['src'].name})"
            ) from error
    return {kind: path for kind, path in paths.items() if path.is_file() or kind != "docid"}


def _sacrebleu_references(dataset: Any) -> list[str]:
    """The references that sacrebleu scores against by default; from 2021 on a test set can have more of them."""
    if hasattr(dataset, "_get_langpair_allowed_refs"):
        return list(dataset._get_langpair_allowed_refs(LANGUAGE_PAIR))
    return [kind for kind in dataset.fieldnames(LANGUAGE_PAIR) if kind.startswith("ref")]


def _useful_docids(docids: Sequence[str] | None, segments: int) -> tuple[str, ...] | None:
    """Document ids, unless they tell nothing: WMT writes "unknown" for every segment where it has none."""
    if docids is None or len(docids) != segments or len(set(docids)) < 2:
        return None
    return tuple(docids)


# --- directories -----------------------------------------------------------------------------------------------------


def _load_directory(directory: Path) -> TestSet:
    source_path = _one_of(directory, "source.de")
    if source_path is None:
        return _load_data_file_of(directory)
    references = [read_lines(path) for path in _find(directory, "reference*.en")]
    if not references:
        raise EvaluationError(
            f"{directory} has source.de but no reference: expected one or several files reference*.en beside it"
        )
    source = read_lines(source_path)
    for reference in references:
        _require_same_length(source, reference)
        _require_no_blank_line(source, reference)
    docids_path = _one_of(directory, "docids")
    docids = read_lines(docids_path) if docids_path else None
    if docids is not None:
        _require_same_length(source, docids)
    return TestSet(
        name=_directory_name(directory),
        sources=source.lines,
        references=tuple(reference.lines for reference in references),
        docids=_useful_docids(docids.lines if docids else None, len(source.lines)),
        systems=_systems_beside(directory),
        origin=str(directory),
        notes=tuple(note for each in [source, *references, *([docids] if docids else [])] for note in each.notes),
    )


def _load_data_file_of(directory: Path) -> TestSet:
    candidates = sorted(path for path in directory.iterdir() if path.name.endswith(_DATA_SUFFIXES))
    if len(candidates) != 1:
        found = ", ".join(sorted(path.name for path in directory.iterdir())[:8]) or "nothing"
        raise EvaluationError(
            f"{directory} is no test set: expected source.de with reference*.en, or exactly one .tsv or .jsonl file; "
            f"found {found}"
        )
    return _load_data_file(candidates[0], name=_directory_name(directory), systems=_systems_beside(directory))


def _directory_name(directory: Path) -> str:
    return directory.resolve().name


def _systems_beside(directory: Path) -> dict[str, Path]:
    folder = directory / "systems"
    return {path.name.removesuffix(".gz").removesuffix(".en"): path for path in _find(folder, "*.en")}


def _find(directory: Path, pattern: str) -> list[Path]:
    return sorted([*directory.glob(pattern), *directory.glob(pattern + ".gz")])


def _one_of(directory: Path, name: str) -> Path | None:
    """The plain or gzipped file of a name; two of them are an error, for nobody could tell which one counts."""
    paths = _find(directory, name)
    if len(paths) > 1:
        raise EvaluationError(f"{paths[0]} and {paths[1]} both exist: remove one of them")
    return paths[0] if paths else None


def _require_same_length(source: LineFile, other: LineFile) -> None:
    if len(source.lines) == len(other.lines):
        return
    raise MisalignedTestSetError(
        f"{source.path} has {len(source.lines)} lines but {other.path} has {len(other.lines)}: they must pair up line "
        f"by line{_where_they_part(source, other)}"
    )


def _where_they_part(source: LineFile, other: LineFile) -> str:
    """The line that is too many, if a blank one is likely to be it, else the first that has no partner."""
    longer, shorter = sorted([source, other], key=lambda file: -len(file.lines))
    blank = next((number for number, line in enumerate(longer.lines, start=1) if not line), None)
    if blank:
        return f"; line {blank} of {longer.path} is blank"
    alone = len(shorter.lines)
    return f"; from line {alone + 1} ({longer.lines[alone][:60]!r}) on, {longer.path} has no partner"


def _require_no_blank_line(source: LineFile, reference: LineFile) -> None:
    if not source.lines:
        raise EvaluationError(f"{source.path} and {reference.path} are empty: a test set needs at least one segment")
    for number, (source_line, reference_line) in enumerate(zip(source.lines, reference.lines, strict=True), start=1):
        if source_line.strip() and reference_line.strip():
            continue
        blank, partner = (source, reference) if not source_line.strip() else (reference, source)
        raise EvaluationError(
            f"line {number} of {blank.path} is blank (line {number} of {partner.path} is "
            f"{partner.lines[number - 1][:60]!r}): every segment needs a source and every reference; fill or remove "
            "the line in all files"
        )


# --- one file with all columns ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    source: str
    references: tuple[str, ...]
    docid: str | None


def _load_data_file(path: Path, *, name: str, systems: Mapping[str, Path] | None = None) -> TestSet:
    text, notes = read_utf8(path)
    is_table = path.name.removesuffix(".gz").endswith(".tsv")
    rows = list(_tsv_rows(path, text) if is_table else _jsonl_rows(path, text))
    if not rows:
        raise EvaluationError(f"{path} is empty: a test set needs at least one segment")
    count = len(rows[0].references)
    for row in rows:
        if len(row.references) != count:
            raise MisalignedTestSetError(
                f"line {row.line} of {path} has {len(row.references)} references but line {rows[0].line} has {count}: "
                "every segment needs the same number"
            )
        if not row.source.strip() or not all(reference.strip() for reference in row.references):
            which = "source" if not row.source.strip() else "reference"
            raise EvaluationError(f"line {row.line} of {path} has a blank {which}: fill it or remove the line")
    docids = [row.docid for row in rows if row.docid]
    if docids and len(docids) != len(rows):
        raise MisalignedTestSetError(f"{path} names the document of {len(docids)} of {len(rows)} segments: name all")
    return TestSet(
        name=name,
        sources=tuple(row.source.rstrip() for row in rows),
        references=tuple(tuple(row.references[index].rstrip() for row in rows) for index in range(count)),
        docids=_useful_docids(docids or None, len(rows)),
        systems=systems or {},
        origin=str(path),
        notes=notes,
    )


def _tsv_rows(path: Path, text: str) -> Iterable[_Row]:
    lines = [line.removesuffix("\r") for line in _without_last_blanks(text)]
    header = [column.strip().lower() for column in lines[0].split("\t")] if lines else []
    references = [index for index, column in enumerate(header) if column.startswith("reference")]
    if "source" not in header or not references:
        raise EvaluationError(
            f"{path} must begin with a header line that names the columns source and reference (or reference1, "
            f"reference2 ...), optionally docid; it begins with {text[:60]!r}"
        )
    for number, line in enumerate(lines[1:], start=2):
        cells = line.split("\t")
        if len(cells) != len(header):
            raise MisalignedTestSetError(
                f"line {number} of {path} has {len(cells)} columns but its header has {len(header)} "
                f"({', '.join(header)}); the separator is one tab, and quotation marks are plain text"
            )
        docid = cells[header.index("docid")].strip() if "docid" in header else None
        yield _Row(number, cells[header.index("source")], tuple(cells[index] for index in references), docid)


def _jsonl_rows(path: Path, text: str) -> Iterable[_Row]:
    for number, line in enumerate(_without_last_blanks(text), start=1):
        try:
            yield _jsonl_row(number, json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            reason = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise EvaluationError(
                f'line {number} of {path} is no segment ({reason}): expected {{"source": "...", "references": '
                f'["..."], "docid": "..."}}, found {line[:60]!r}'
            ) from error


def _without_last_blanks(text: str) -> list[str]:
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def _jsonl_row(line: int, entry: object) -> _Row:
    if not isinstance(entry, dict):
        raise TypeError("expected an object in braces")
    references = entry["references"] if "references" in entry else entry["reference"]
    texts = [references] if isinstance(references, str) else references
    source = entry["source"]
    if not isinstance(source, str) or not isinstance(texts, list) or not texts:
        raise TypeError("source must be a string and references a list of strings")
    if not all(isinstance(each, str) for each in texts):
        raise TypeError("references must be strings")
    docid = entry.get("docid")
    return _Row(line, source, tuple(texts), None if docid is None else str(docid))


def _fingerprint(columns: Iterable[Sequence[str]]) -> str:
    digest = hashlib.sha256()
    for column in columns:
        for line in column:
            digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        digest.update(b"\0")
    return digest.hexdigest()
