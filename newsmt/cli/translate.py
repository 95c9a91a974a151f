"""`newsmt translate`: one article from a file or stdin to a file or stdout."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from newsmt.cli.decoding import add_decoding_arguments, translator_of
from newsmt.cli.stdout import write_stdout
from newsmt.errors import InputError
from newsmt.textfile import decode_text, read_text, write_text

if TYPE_CHECKING:
    from newsmt.decoding import Progress
    from newsmt.translation import Translation

__all__ = ["add_parser", "run"]

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "translate",
        help="translate one German article",
        description="Translate a German article into English: headline, paragraphs and layout stay as they are.",
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="the article; - or nothing reads stdin")
    parser.add_argument("-o", "--output", metavar="OUT", help="write here instead of to stdout")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    add_decoding_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Translate and write; the article is read before a model is loaded, so that a wrong name fails at once."""
    text = read_article(arguments.file)
    output = None if arguments.output in (None, "-") else Path(arguments.output)
    if output and (output.is_dir() or not output.parent.is_dir()):
        raise InputError(f"{output}: cannot be written: {'is a directory' if output.is_dir() else 'no such folder'}")
    translation = translator_of(arguments).translate(text, progress=None if arguments.quiet else progress_line())
    if not arguments.quiet:
        report(translation)
    rendered = translation.text
    if arguments.format == "json":
        rendered = json.dumps(translation.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if output:
        write_text(output, rendered)
    else:
        write_stdout(rendered)
    return 0


def read_article(name: str) -> str:
    """The text of a file, or of stdin for "-", line ends as they are."""
    return decode_text(sys.stdin.buffer.read(), "stdin") if name == "-" else read_text(Path(name))


def progress_line() -> Progress | None:
    """A line on a terminal's stderr that says how far a long article is; nothing elsewhere or for a short one."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        if done < total:
            sys.stderr.write(f"\rnewsmt: {done:,} of {total:,} segments")
        else:
            sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()

    return show


_SHOWN_WARNINGS = 10


def report(translation: Translation) -> None:
    """Say on stderr which model was used and which segments deserve a second look."""
    system = translation.system
    print(f"newsmt: {len(translation.blocks)} blocks by {system.model} ({system.backend})", file=sys.stderr)
    for segment, warning in translation.warnings[:_SHOWN_WARNINGS]:
        print(f"newsmt: {warning.value}: {segment.source[:70]!r}", file=sys.stderr)
    more = len(translation.warnings) - _SHOWN_WARNINGS
    if more > 0:
        print(f"newsmt: and {more} more warnings; --format json has them all", file=sys.stderr)
