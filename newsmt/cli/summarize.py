"""`newsmt summarize`: an English summary of one German article, from a file or stdin to a file or stdout."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from newsmt.cli.decoding import add_decoding_arguments
from newsmt.cli.stdout import write_stdout
from newsmt.cli.translate import read_article
from newsmt.errors import InputError
from newsmt.options import DecodingOptions
from newsmt.textfile import write_text

if TYPE_CHECKING:
    from newsmt.summarization.summary import Summary

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["add_parser", "run"]


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "summarize",
        help="summarise one German article in English",
        description="Summarise a German article in English. Without a summarisation model the summary is made of "
        "sentences of the translation; one that a model writes is checked against the article.",
        conflict_handler="resolve",  # --model and --beam-size mean something else here than for translate
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="the article; - or nothing reads stdin")
    parser.add_argument("-o", "--output", metavar="OUT", help="write here instead of to stdout")
    parser.add_argument("--sentences", type=int, default=3, metavar="N", help="default: %(default)s")
    parser.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    add_decoding_arguments(parser)
    parser.add_argument(
        "--model",
        default="auto",
        metavar="NAME|DIR|HUB_ID",
        help="extractive, a summarisation model of `newsmt models list`, a directory, or owner/name on "
        "the hub; auto (the default) is mt5-small-sum-de-en if it is on this machine, else extractive",
    )
    parser.add_argument(
        "--translation-model",
        default="auto",
        metavar="NAME|DIR|HUB_ID",
        help="what translates (default: auto, see newsmt translate)",
    )
    parser.add_argument(
        "--order",
        choices=["auto", "translate-first", "summarize-first"],
        default="auto",
        help="let the model read the translation (auto, the default) or the German article",
    )
    parser.add_argument("--beam-size", type=int, metavar="N", help="of both models (default: what each is made for)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Summarise and write; the article is read before a model is loaded, so that a wrong name fails at once."""
    from newsmt.summarizer import check_sentences, load_summarizer

    check_sentences(arguments.sentences)
    text = read_article(arguments.file)
    output = None if arguments.output in (None, "-") else Path(arguments.output)
    if output and (output.is_dir() or not output.parent.is_dir()):
        raise InputError(f"{output}: cannot be written: {'is a directory' if output.is_dir() else 'no such folder'}")
    beam_size = arguments.beam_size
    summarizer = load_summarizer(
        arguments.model,
        order=arguments.order,
        translation_model=arguments.translation_model,
        backend=arguments.backend,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        beam_size=beam_size,
        translation_options=None if beam_size is None else DecodingOptions(beam_size=beam_size),
        line_breaks=arguments.line_breaks,
        revision=arguments.revision,
    )
    summary = summarizer.summarize(text, arguments.sentences)
    if not arguments.quiet:
        report(summary)
    rendered = summary.text.rstrip("\n") + "\n" if summary.text.strip() else ""
    if arguments.format == "json":
        rendered = json.dumps(summary.to_dict(), ensure_ascii=False, indent=2) + "\n"
    if output:
        write_text(output, rendered)
    else:
        write_stdout(rendered)
    return 0


_SHOWN_WARNINGS = 10


def report(summary: Summary) -> None:
    """Say on stderr how the summary was made and what deserves a second look."""
    sentences = len(summary.sentences)
    count = f"{sentences} sentence{'' if sentences == 1 else 's'}"
    made = {
        "extractive": f"{count} taken from the translation",
        "abstractive": f"{count} by {summary.model}",
        "whole": f"{count}, the whole article: it has no more",
    }[summary.method.value]
    translator = f", translated by {summary.translation.model}" if summary.translation else ""
    print(f"newsmt: {made}{translator}, {summary.coverage:.0%} of the article read", file=sys.stderr)
    for warning in summary.warnings[:_SHOWN_WARNINGS]:
        detail = f" ({warning.detail})" if warning.detail else ""
        print(f"newsmt: {warning.kind.value}{detail}: {warning.text[:70]!r}", file=sys.stderr)
    more = len(summary.warnings) - _SHOWN_WARNINGS
    if more > 0:
        print(f"newsmt: and {more} more warnings; --format json has them all", file=sys.stderr)
