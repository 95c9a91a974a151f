"""The files of a tree: those to translate, those that cannot be, and those that are none of our business."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from newsmt.batch.formats import all_formats, format_of
from newsmt.batch.job import Job
from newsmt.batch.pages.article import INDEX, PAGES
from newsmt.batch.patterns import check_output_pattern, is_selected, output_name
from newsmt.errors import InputError, UsageError

__all__ = ["Found", "Selection", "find_files"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which files of a tree to translate, and what the translations are called; see newsmt.batch.patterns.

    summary_pattern: what their summaries are called, after the name of the translation; None for no summaries.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    output_pattern: str = "{stem}.en{suffix}"
    summary_pattern: str | None = None


@dataclass(slots=True)
class Found:
    """What is in a tree, by path relative to it.

    failed: what should be translated and cannot; skipped: what is not for newsmt; each with the reason.
    """

    jobs: list[Job] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)


def find_files(source: Path, destination: Path, selection: Selection, *, pages: bool) -> Found:
    """Look through a tree, in the order of names.

    Hidden files and the destination are passed over; links are followed to files inside the tree only.

    Raises InputError where there is no such folder, UsageError when a pattern is none or two outputs would have one
    name: before anything is written.
    """
    check_output_pattern(selection.output_pattern)
    if selection.summary_pattern:
        check_output_pattern(selection.summary_pattern, "--summary-name")
    if not source.is_dir():
        raise InputError(f"{source}: {'is no folder' if source.exists() else 'no such folder'}")
    if destination.exists() and not destination.is_dir():
        raise InputError(f"{destination}: is no folder")
    if destination.resolve() == source.resolve():
        raise UsageError(
            f"{destination}: the translations cannot go into the folder of their sources, for the next run would "
            "take them for sources too; name another folder (one inside it is fine)"
        )
    found = Found()
    _Walk(source, destination, selection, found, pages=pages).look("")
    _refuse_clashes(found.jobs)
    _refuse_outputs_among_sources(found.jobs, source.resolve(), destination.resolve())
    return found


class _Walk:
    def __init__(self, source: Path, destination: Path, selection: Selection, found: Found, *, pages: bool) -> None:
        self._source = source
        self._root = source.resolve()
        self._destination = destination.resolve()
        self._selection = selection
        self._found = found
        self._pages = pages

    def look(self, folder: str) -> None:
        """Look through a folder; one that cannot be read is on record, and the others go on."""
        try:
            with os.scandir(self._source / folder) as entries:
                ordered = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._found.failed[folder or "."] = f"the folder cannot be read: {error.strerror or error}"
            return
        for entry in ordered:
            if not entry.name.startswith("."):
                self._take(entry, f"{folder}/{entry.name}" if folder else entry.name)

    def _take(self, entry: os.DirEntry[str], path: str) -> None:
        try:
            self._sort(entry, path)
        except OSError as error:
            self._found.failed[path] = f"cannot be read: {error.strerror or error}"

    def _sort(self, entry: os.DirEntry[str], path: str) -> None:
        if entry.is_dir(follow_symlinks=False):
            if Path(entry.path).resolve() == self._destination:
                return
            if format_of(entry.name) and self._is_selected(path):
                self._found.failed[path] = "is a folder with the name of a file"
            self.look(path)
        elif not self._is_selected(path):
            return
        elif entry.is_symlink() and (reason := self._refused_link(entry)):
            self._found.skipped[path] = reason
        elif not stat.S_ISREG(entry.stat().st_mode):
            self._found.skipped[path] = "is no regular file"
        elif not format_of(entry.name):
            known = " ".join(sorted(suffix for one in all_formats() for suffix in one.suffixes))
            self._found.skipped[path] = f"not a format newsmt knows ({known})"
        else:
            self._found.jobs.append(self._job(path, entry.stat().st_size))

    def _is_selected(self, path: str) -> bool:
        return is_selected(path, self._selection.include, self._selection.exclude)

    def _refused_link(self, entry: os.DirEntry[str]) -> str | None:
        target = Path(entry.path).resolve()
        if target.is_dir():
            return "is a link to a folder"
        return None if target.is_relative_to(self._root) else f"is a link out of the tree, to {target}"

    def _job(self, path: str, size: int) -> Job:
        folder, slash, name = path.rpartition("/")
        output = output_name(name, self._selection.output_pattern)
        its_format = format_of(name)
        summary = None
        if self._selection.summary_pattern and its_format and its_format.summaries == "file":
            summary = folder + slash + output_name(output, self._selection.summary_pattern, language="en")
        page = f"{PAGES}/{path}.html" if self._pages else None
        return Job(path, folder + slash + output, page, size, summary)


_SHOWN_CLASHES = 5


def _refuse_outputs_among_sources(jobs: Sequence[Job], source: Path, destination: Path) -> None:
    """Raise UsageError when an output would lie in the source folder, where the next run would take it for a source."""
    if not source.is_relative_to(destination):
        return
    inside = next((job for job in jobs if (destination / job.output).is_relative_to(source)), None)
    if inside:
        raise UsageError(
            f"{inside.output} from {inside.source} would be written among the sources in {source}, where the next run "
            "would take it for one; name another output folder"
        )


def _refuse_clashes(jobs: Sequence[Job]) -> None:
    """Raise UsageError when two files would have one name, also on disks that do not tell case or accents apart."""
    makers: defaultdict[str, list[str]] = defaultdict(list, {"manifest.jsonl": ["the manifest"]})
    if any(job.page for job in jobs):
        makers[INDEX].append("the index of the pages")
    folders: dict[str, str] = {}
    for job in jobs:
        for name in filter(None, (job.output, job.summary, job.page)):
            makers[_folded(name)].append(job.source)
            folders |= {_folded(str(parent)): job.source for parent in PurePosixPath(name).parents}
    for folder in makers.keys() & folders.keys():
        makers[folder].append(f"the folder of {folders[folder]}")
    clashes = [f"{name} from {' and '.join(sources)}" for name, sources in makers.items() if len(sources) > 1]
    if clashes:
        more = f", and {len(clashes) - _SHOWN_CLASHES} more" if len(clashes) > _SHOWN_CLASHES else ""
        raise UsageError(
            f"two files would be written under one name: {'; '.join(clashes[:_SHOWN_CLASHES])}{more}; choose another "
            "--output-name, such as {name}.en{suffix}, for summaries another --summary-name, such as "
            "{stem}{suffix}.summary.txt, or --exclude one of them"
        )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
