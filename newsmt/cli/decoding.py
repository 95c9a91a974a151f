"""Options that every command with a translation model has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from newsmt.options import DecodingOptions

if TYPE_CHECKING:
    from newsmt.translator import Translator

__all__ = ["add_decoding_arguments", "decoding_options", "translator_of"]


def add_decoding_arguments(parser: argparse.ArgumentParser) -> None:
    """Model, backend, device and search."""
    parser.add_argument(
        "--model",
        default="auto",
        metavar="NAME|DIR|HUB_ID",
        help="a name of `newsmt models list`, a directory, or owner/name on the hub; auto (the default) is "
        "opus-mt-de-en if it can be had, else the bundled newsmt-mini-de-en",
    )
    parser.add_argument("--revision", help="branch, tag or commit of a model on the hub")
    parser.add_argument("--backend", choices=["auto", "ctranslate2", "torch"], default="auto", help="default: auto")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", help="auto, int8, float32, float16 ... (default: auto)")
    parser.add_argument("--threads", type=int, help="processor threads (default: all that the process may use)")
    defaults = DecodingOptions()
    parser.add_argument("--beam-size", type=int, default=defaults.beam_size, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--line-breaks",
        choices=["auto", "join", "keep"],
        default="auto",
        help="join the lines of a paragraph, keep each line on its own, or find out per paragraph (auto, the default)",
    )
    parser.add_argument("--quiet", action="store_true", help="only errors on stderr")


def decoding_options(arguments: argparse.Namespace) -> DecodingOptions:
    """The search asked for on the command line.

    Raises UsageError for a value out of range.
    """
    return DecodingOptions(beam_size=arguments.beam_size)


def translator_of(arguments: argparse.Namespace) -> Translator:
    """The translator asked for on the command line."""
    from newsmt.translator import load_translator

    options = decoding_options(arguments)
    return load_translator(
        arguments.model,
        backend=arguments.backend,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        options=options,
        line_breaks=arguments.line_breaks,
        revision=arguments.revision,
    )
