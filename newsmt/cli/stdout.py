"""Results on stdout: all of them, however slowly they are read."""

from __future__ import annotations

import os
import sys

from newsmt.errors import InputError

__all__ = ["discard_stdout", "write_stdout"]


def write_stdout(text: str) -> None:
    """Write UTF-8 to stdout, line ends as they are, whatever the terminal's locale says.

    Raises InputError when it cannot be written (a full disk), BrokenPipeError when nobody reads on.
    """
    rest = memoryview(text.encode("utf-8", errors="surrogatepass"))
    try:
        while rest:  # with PYTHONUNBUFFERED set, one write takes no more than the pipe has room for
            rest = rest[sys.stdout.buffer.write(rest) :]
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_stdout()
        raise InputError(f"stdout cannot be written: {error.strerror or error}") from error


def discard_stdout() -> None:
    """Send what is left nowhere: it would only fail again when Python flushes stdout at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
