"""The command line: one file per subcommand, one place where errors become a line on stderr and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from typing import NoReturn

from newsmt._version import __version__
from newsmt.cli.logs import log_to_stderr
from newsmt.cli.stdout import discard_stdout
from newsmt.errors import NewsmtError

__all__ = ["main", "run"]

_SUBCOMMANDS = ("translate", "summarize", "batch", "evaluate", "benchmark", "models")
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def run() -> NoReturn:
    """The process of the command: run main() and leave with its exit code.

    After Ctrl-C it leaves without waiting for the sentences that the engine is in the middle of: nobody will read
    them.
    """
    code = main()
    if code == _INTERRUPTED:
        from newsmt.cache import remove_process_directory

        remove_process_directory()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 1 error, 2 usage, 3 some files of a batch failed, 4 a benchmark regressed, 130 interrupted, 141 the reader
    of stdout went away.
    """
    arguments = _parser().parse_args(argv)
    log_to_stderr(quiet=getattr(arguments, "quiet", False))
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
        return code
    except NewsmtError as error:
        if arguments.debug:
            raise
        print(f"newsmt: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        if arguments.debug:
            raise
        print("newsmt: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return _BROKEN_PIPE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="newsmt", description="German news in, English news out.")
    parser.add_argument("--version", action="version", version=f"newsmt {__version__}")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    subparsers = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in _SUBCOMMANDS:
        if find_spec(f"newsmt.cli.{name}"):
            import_module(f"newsmt.cli.{name}").add_parser(subparsers)
    return parser
