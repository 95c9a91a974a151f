"""Markdown pages with tables that are made from records."""

from __future__ import annotations

import re

from newsmt.errors import EvaluationError

__all__ = ["fill_table"]


def fill_table(page: str, table: str, name: str) -> str:
    """A page with the table in its place, between the comments "table: NAME" and "/table".

    Raises EvaluationError when it has no place for one.
    """
    place = re.compile(rf"(<!-- table: {re.escape(name)} -->\n).*?(<!-- /table -->)", re.DOTALL)
    if not place.search(page):
        raise EvaluationError(f"no place for the table: the page lacks <!-- table: {name} --> and <!-- /table -->")
    return place.sub(lambda match: match[1] + table.rstrip("\n") + "\n" + match[2], page)
