"""German news in, English news out."""

from newsmt._version import __version__

__all__ = ["__version__"]
