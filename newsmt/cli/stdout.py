"""Results on stdout: all of them, however slowly they are read."""

from __future__ import annotations

import sys

__all__ = ["write_stdout"]


def write_stdout(text: str) -> None:
    """Write UTF-8 to stdout, line ends as they are, whatever the terminal's locale says."""
    rest = memoryview(text.encode("utf-8", errors="surrogatepass"))
    while rest:  # with PYTHONUNBUFFERED set, one write takes no more than the pipe has room for
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()
