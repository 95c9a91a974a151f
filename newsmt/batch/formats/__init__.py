"""The file formats a batch reads and writes, each in a module of its own that is found by being here."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from newsmt.batch.formats.protocol import Format, Part, Passage, SourceFile

__all__ = ["Format", "Part", "Passage", "SourceFile", "all_formats", "format_of"]


@cache
def all_formats() -> tuple[Format, ...]:
    """Every format, by name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((module.FORMAT for module in modules if hasattr(module, "FORMAT")), key=lambda one: one.name))


def format_of(name: str) -> Format | None:
    """The format of a file by the ending of its name; None for one that newsmt does not know."""
    lowered = name.lower()
    return next((one for one in all_formats() if lowered.endswith(one.suffixes)), None)
