"""`newsmt batch`: a folder of files into a folder of their translations."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, current_thread, main_thread
from types import FrameType
from typing import TYPE_CHECKING

from newsmt.cli.decoding import add_decoding_arguments, decoding_options
from newsmt.cli.stdout import write_stdout
from newsmt.errors import UsageError

if TYPE_CHECKING:
    from newsmt.batch import BatchOptions, BatchReport, ModelChoice
    from newsmt.batch.progress import Progress

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["add_parser", "run"]

_INTERRUPTED = 130


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "batch",
        help="translate a folder of files",
        description="Translate a tree of files (.txt .md .html .jsonl .csv .tsv .srt .vtt) into a tree of the same "
        "shape. Run it again to go on after an interruption: finished files are not translated twice.",
    )
    parser.add_argument("source", type=Path, metavar="IN_DIR", help="the folder to translate")
    parser.add_argument("destination", type=Path, metavar="OUT_DIR", help="the folder to write; made if need be")
    _add_selection(parser)
    _add_running(parser)
    add_decoding_arguments(parser)
    parser.set_defaults(run=run)


def _add_selection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--include", action="append", default=[], metavar="GLOB", help="only these files, such as '*.html' or 'a/**/b*'"
    )
    parser.add_argument("--exclude", action="append", default=[], metavar="GLOB", help="all files but these")
    parser.add_argument(
        "--output-name",
        default="{stem}.en{suffix}",
        metavar="PATTERN",
        help="default: %(default)s; {stem} is the name without .de, {name} with it",
    )
    parser.add_argument(
        "--fields",
        metavar="A,B",
        help="what to translate in .jsonl, .csv and .tsv; article.text is a field in a field (default: title, "
        "headline, kicker, subtitle, description, teaser, lead, abstract, text, body, content, caption)",
    )
    parser.add_argument(
        "--max-size",
        default="4M",
        metavar="SIZE",
        help="largest article to take, 0 for any (default: %(default)s); tables and JSON lines may be of any size",
    )


def _add_running(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--html", action="store_true", help="also write pages with source and translation side by side")
    parser.add_argument(
        "--summarize",
        action="store_true",
        help="also write a summary beside each translation, or into a field 'summary' of .jsonl, .csv and .tsv",
    )
    parser.add_argument("--sentences", type=int, metavar="N", help="of each summary (default: 3)")
    parser.add_argument(
        "--summary-model", metavar="NAME|DIR|HUB_ID", help="what summarises, see newsmt summarize (default: auto)"
    )
    parser.add_argument(
        "--summary-name",
        metavar="PATTERN",
        help="default: {stem}.summary.txt, where {stem} is the name of the translation without .en, {name} with it",
    )
    parser.add_argument("--force", action="store_true", help="translate everything again, whatever is there")
    parser.add_argument("--retry-failed", action="store_true", help="also try again what failed in an earlier run")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="processes with a model each (default: 1, which uses all cores and GPUs; with Ray all that fit)",
    )
    parser.add_argument(
        "--engine",
        choices=["local", "ray"],
        default="local",
        help="ray: on the cluster at RAY_ADDRESS, or one started here (default: local)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Translate the folder, print what came of it, and say with the exit code whether all is well."""
    from newsmt.batch import translate_folder
    from newsmt.batch.progress import progress_for

    progress = progress_for(quiet=arguments.quiet)
    with _stoppable(progress) as stop:
        report = translate_folder(
            arguments.source,
            arguments.destination,
            model=_model(arguments),
            options=decoding_options(arguments),
            batch=_batch_options(arguments),
            progress=progress,
            stop=stop,
        )
    return _conclude(report, quiet=arguments.quiet)


def _conclude(report: BatchReport, *, quiet: bool) -> int:
    if not quiet:
        # A file name in an unknown encoding holds lone surrogates, which are shown as what they are.
        write_stdout(report.table().encode("utf-8", errors="backslashreplace").decode())
    if report.is_interrupted:
        print(
            f"newsmt: stopped; {report.unfinished:,} files are left: run the same command again to go on",
            file=sys.stderr,
        )
        return _INTERRUPTED
    report.raise_for_failures()
    return 0


def _model(arguments: argparse.Namespace) -> ModelChoice:
    from newsmt.batch import ModelChoice

    return ModelChoice(
        model=arguments.model,
        backend=arguments.backend,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        line_breaks=arguments.line_breaks,
        revision=arguments.revision,
    )


def _batch_options(arguments: argparse.Namespace) -> BatchOptions:
    from newsmt.batch import DEFAULT_FIELDS, BatchOptions

    fields = [field.strip() for field in (arguments.fields or "").split(",") if field.strip()]
    if arguments.fields is not None and not fields:
        raise UsageError(f"--fields {arguments.fields!r} names no field: expected names with commas between them")
    summary = {
        "summary_sentences": arguments.sentences,
        "summary_model": arguments.summary_model,
        "summary_name": arguments.summary_name,
    }
    given = {name: value for name, value in summary.items() if value is not None}
    if given and not arguments.summarize:
        raise UsageError("--sentences, --summary-model and --summary-name are for --summarize: give that too")
    return BatchOptions(
        include=tuple(arguments.include),
        exclude=tuple(arguments.exclude),
        output_name=arguments.output_name,
        fields=tuple(fields) or DEFAULT_FIELDS,
        html=arguments.html,
        force=arguments.force,
        retry_failed=arguments.retry_failed,
        workers=arguments.workers,
        engine=arguments.engine,
        max_bytes=_bytes(arguments.max_size),
        summarize=arguments.summarize,
        **given,
    )


_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def _bytes(size: str) -> int:
    match = _SIZE.fullmatch(size.strip())
    if not match:
        raise UsageError(f"--max-size {size!r}: expected a number of bytes such as 500k, 4M or 0")
    return int(float(match[1]) * _UNITS[match[2].lower()])


@contextmanager
def _stoppable(progress: Progress) -> Iterator[Event]:
    """An event that Ctrl-C or a polite kill sets; a second Ctrl-C ends all at once, which loses nothing either."""
    stop = Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        progress.say("finishing the files in flight; press Ctrl-C again to stop at once")

    signals = (signal.SIGINT, signal.SIGTERM) if current_thread() is main_thread() else ()
    before = {number: signal.signal(number, ask_to_stop) for number in signals}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
