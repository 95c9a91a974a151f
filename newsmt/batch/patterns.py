"""Which files to take, and what their translations are called."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from string import Formatter

from newsmt.errors import UsageError

__all__ = ["check_output_pattern", "is_selected", "output_name"]

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]]+\]|.", re.DOTALL)
_MEANINGS = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def is_selected(path: str, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether a path matches one of the patterns to include (all, where there is none) and none to exclude.

    A pattern with no "/" is about the name, one with a "/" about the whole path, where ** stands for any folders.
    """
    return (not include or any(_matches(path, one) for one in include)) and not any(
        _matches(path, one) for one in exclude
    )


def _matches(path: str, pattern: str) -> bool:
    name = path.rpartition("/")[2]
    return bool(_compiled(pattern).fullmatch(path if "/" in pattern else name))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_regex(piece) for piece in _PIECES.findall(pattern)), re.DOTALL)


def _regex(piece: str) -> str:
    if piece.startswith("[") and len(piece) > 2:
        inside = piece[1:-1].replace("\\", r"\\")
        return f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
    return _MEANINGS.get(piece) or re.escape(piece)


_PLACEHOLDERS = ("name", "stem", "suffix")


def check_output_pattern(pattern: str, option: str = "--output-name") -> None:
    """Raise UsageError for a pattern that gives no file name."""
    try:
        parsed = [(field, form, conversion) for _, field, form, conversion in Formatter().parse(pattern)]
    except ValueError as error:
        raise UsageError(f"{option} {pattern!r}: {error}") from None
    fields = {field for field, _, _ in parsed if field is not None}
    plain = not any(form or conversion for _, form, conversion in parsed)
    if "/" in pattern or not plain or not fields & {"name", "stem"} or not fields <= set(_PLACEHOLDERS):
        raise UsageError(
            f"{option} {pattern!r}: expected a file name with {{stem}} or {{name}} in it and nothing else in "
            "braces than {suffix}, such as {stem}.en{suffix}"
        )


def output_name(name: str, pattern: str, *, language: str = "de") -> str:
    """The name of the translation of a file.

    {suffix} is its ending with the dot, {name} what stands before, {stem} the same without a final ".de".
    language: what stands there in place of "de", for what is made of a translation.
    """
    before, dot, suffix = name.rpartition(".")
    if not dot:
        before, suffix = name, ""
    stem = before.removesuffix(f".{language}") or before
    return pattern.format(name=before, stem=stem, suffix=dot + suffix)
