"""Sentences with markup inside: what the model sees of them, and how the markup comes back around the right words."""

from __future__ import annotations

from newsmt.batch.markup.marked import Close, Marked, Open, Piece, Point, Text

__all__ = ["Close", "Marked", "Open", "Piece", "Point", "Text"]
