"""What the library logs, as plain lines on stderr."""

from __future__ import annotations

import logging
import sys

__all__ = ["log_to_stderr"]


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        print(f"newsmt: {self.format(record)}", file=sys.stderr)


def log_to_stderr(*, quiet: bool = False) -> None:
    """Show warnings of the library, or with quiet only errors."""
    logger = logging.getLogger("newsmt")
    logger.handlers = [_Lines()]
    logger.propagate = False
    logger.setLevel(logging.ERROR if quiet else logging.INFO)
