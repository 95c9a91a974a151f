"""Typography: what each quotation mark of the German source does, and good English signs in their places.

Models see and write ASCII marks. The user gets “ ” and ‘ ’ wherever the source had typographic marks, opened and closed
as in the source: a quotation that runs over several sentences is opened in the first and closed in the last of them,
even where the model forgot a mark, and a comma or full stop stands inside or outside as the source had it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

__all__ = ["Mark", "Role", "find_marks", "restore_capital", "restore_quotation_marks", "restore_signs"]


class Role(Enum):
    """What a quotation mark does; its value is the English mark."""

    OPEN = "“"
    CLOSE = "”"
    OPEN_SINGLE = "‘"
    CLOSE_SINGLE = "’"

    @property
    def opens(self) -> bool:
        """Whether a quotation begins here."""
        return self in (Role.OPEN, Role.OPEN_SINGLE)

    @property
    def single(self) -> bool:
        """Whether it marks a quotation within a quotation."""
        return self in (Role.OPEN_SINGLE, Role.CLOSE_SINGLE)


@dataclass(frozen=True, slots=True)
class Mark:
    """A quotation mark of a text: where it stands and what it does."""

    position: int
    role: Role


_TYPOGRAPHIC = re.compile("[„“”‟«»‚‘‹›]|(?<!\\w)’|’(?!\\w)")
_DOUBLE = re.compile('[„“”‟«»"]')
_SINGLE = re.compile("[‚‘’‹›']")


def find_marks(text: str) -> list[Mark]:
    """The quotation marks of a German text in order, with their roles; apostrophes are not among them."""
    guillemets_point_inwards = _first(text, "»‹") < _first(text, "«›") if any(mark in text for mark in "»«›‹") else True
    if "›" in text and "»" not in text and "«" not in text:
        guillemets_point_inwards = text.index("›") < _first(text, "‹")
    marks: list[Mark] = []
    open_double = open_single = False
    for match in re.finditer("[„“”‟«»\"‚‘’‹›']", text):
        character, position = match[0], match.start()
        if _DOUBLE.match(character):
            opens = _opens_double(character, open_double, guillemets_point_inwards)
            open_double = opens
            marks.append(Mark(position, Role.OPEN if opens else Role.CLOSE))
        elif not _is_apostrophe(text, position, open_single):
            opens = _opens_single(character, open_single, guillemets_point_inwards)
            open_single = opens
            marks.append(Mark(position, Role.OPEN_SINGLE if opens else Role.CLOSE_SINGLE))
    return marks


def _first(text: str, characters: str) -> int:
    return min((text.find(character) for character in characters if character in text), default=len(text))


def _opens_double(character: str, is_open: bool, inwards: bool) -> bool:
    if character == "„":
        return True
    if character in "»«":
        return (character == "»") == inwards
    return not is_open if character in '“"‟' else False


def _opens_single(character: str, is_open: bool, inwards: bool) -> bool:
    if character == "‚":
        return True
    if character in "›‹":
        return (character == "›") == inwards
    return not is_open if character in "‘'" else False


def _is_apostrophe(text: str, position: int, is_open: bool) -> bool:
    if text[position] in "‚‹›":
        return False
    before = text[position - 1] if position else " "
    after = text[position + 1] if position + 1 < len(text) else " "
    if before.isalnum() and after.isalnum():
        return True
    return not is_open and (before.isalnum() or not (after.isalnum() or after in '„"“»'))


def restore_quotation_marks(sources: Sequence[str], hypotheses: Sequence[str]) -> list[str]:
    """English quotation marks for the hypotheses of one block.

    sources and hypotheses: the segments of one block in order, as many of one as of the other. Where the block has only
    ASCII marks the hypotheses come back as they are.
    """
    block = "\n".join(sources)
    if not _TYPOGRAPHIC.search(block):
        return list(hypotheses)
    roles = _roles_by_segment(sources, find_marks(block))
    restored = []
    is_open = False
    for source, hypothesis, marks in zip(sources, hypotheses, roles, strict=True):
        doubles = [mark for mark in marks if not mark.role.single]
        ends_open = doubles[-1].role.opens if doubles else is_open
        text = _restore_doubles(source, hypothesis, doubles, is_open, ends_open)
        text = _restore_singles(text, [mark.role for mark in marks if mark.role.single])
        restored.append(_place_stops(source, text))
        is_open = ends_open
    return restored


def _roles_by_segment(sources: Sequence[str], marks: list[Mark]) -> list[list[Mark]]:
    roles: list[list[Mark]] = []
    start = 0
    for source in sources:
        end = start + len(source)
        roles.append([Mark(mark.position - start, mark.role) for mark in marks if start <= mark.position < end])
        start = end + 1
    return roles


_LEADING = re.compile(r"[\s(\[–-]*")
_CLOSING_STOPS = re.compile(r"[.!?…,;:)\]]*\Z")


def _restore_doubles(source: str, text: str, marks: list[Mark], starts_open: bool, ends_open: bool) -> str:
    """The text with “ and ” that lead from the state before the segment to the state after it, never nested."""
    positions = [match.start() for match in _DOUBLE.finditer(text)]
    if not marks and not positions:
        return text
    if not marks:  # the model made a quotation of something that is none
        return _DOUBLE.sub("", text) if starts_open or len(positions) % 2 else _alternate(text, positions, False)
    if len(positions) == len(marks):
        return _replace(text, positions, [mark.role for mark in marks])
    if marks[0].role.opens and _LEADING.sub("", source[: marks[0].position]) == "" and not _starts_with_mark(text):
        text = '"' + text
    if not marks[-1].role.opens and _closes_at_end(source, marks[-1].position) and not _ends_with_mark(text):
        stops = _CLOSING_STOPS.search(text)
        cut = stops.start() if stops and source.rstrip()[-1] not in '“”«»"' else len(text)
        text = text[:cut] + '"' + text[cut:]
    positions = [match.start() for match in _DOUBLE.finditer(text)]
    if (len(positions) + starts_open + ends_open) % 2:  # one too many or too few for the states to meet
        if positions:
            unmatched = positions.pop(0 if starts_open and len(positions) > 1 and not ends_open else -1)
            text = text[:unmatched] + "\0" + text[unmatched + 1 :]
        elif ends_open:
            text, positions = '"' + text, [0]
        else:
            text, positions = text + '"', [len(text)]
    return _alternate(text, positions, starts_open).replace("\0", "")


def _starts_with_mark(text: str) -> bool:
    start = _LEADING.sub("", text[:3])
    return bool(_DOUBLE.match(start))


def _ends_with_mark(text: str) -> bool:
    stops = _CLOSING_STOPS.search(text)
    body = text[: stops.start()] if stops else text
    return bool(body) and bool(_DOUBLE.match(body[-1]))


def _closes_at_end(source: str, position: int) -> bool:
    return _CLOSING_STOPS.sub("", source[position + 1 :].strip()) == ""


def _alternate(text: str, positions: list[int], is_open: bool) -> str:
    roles = []
    for _ in positions:
        roles.append(Role.CLOSE if is_open else Role.OPEN)
        is_open = not is_open
    return _replace(text, positions, roles)


def _replace(text: str, positions: Sequence[int], roles: Sequence[Role]) -> str:
    characters = list(text)
    for position, role in zip(positions, roles, strict=True):
        characters[position] = role.value
    return "".join(characters)


_APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)|(?<=s)['’](?=\s)")
_SINGLE_OPEN = re.compile(r"(?<![\w.,!?…])['‘’‚](?=\w)")
_SINGLE_CLOSE = re.compile(r"(?<=[\w.,!?…])['’](?!\w)")


def _restore_singles(text: str, roles: list[Role]) -> str:
    """‘ and ’ where the source has as many inner quotations as the hypothesis; apostrophes become typographic."""
    opening = [match.start() for match in _SINGLE_OPEN.finditer(text)]
    closing = [match.start() for match in _SINGLE_CLOSE.finditer(text)]
    if roles and len(opening) == sum(role.opens for role in roles) and len(closing) == len(roles) - len(opening):
        text = _replace(text, opening, [Role.OPEN_SINGLE] * len(opening))
        text = _replace(text, closing, [Role.CLOSE_SINGLE] * len(closing))
    return _APOSTROPHE.sub("’", text)


_STOP_OUTSIDE = re.compile('[“”‟«»"]([.,])\\s*\\Z')
_STOP_INSIDE = re.compile('[.]([“”‟«»"])\\s*\\Z')


def _place_stops(source: str, text: str) -> str:
    """A segment's last full stop inside or outside the closing mark, as in the source."""
    if _STOP_OUTSIDE.search(source) and text.endswith(".”"):
        return text[:-2] + "”."
    if _STOP_INSIDE.search(source) and text.endswith("”."):
        return text[:-2] + ".”"
    return text


_DASH = re.compile(r"(?<=\s)-(?=\s)")
_UNIT_POWER = re.compile(r"(?<=\d[ \u00a0])([kcdm]?m)([23])\b|(?<=\d)([kcdm]?m)([23])\b")


def restore_signs(source: str, text: str) -> str:
    """Dashes, ellipses and powers of units as the source had them, where normalization wrote them in ASCII."""
    if re.search(r"\s[–—]\s", source):
        text = _DASH.sub("–", text)
    if "…" in source:
        text = text.replace("...", "…")
    if "²" in source or "³" in source:
        powers = {"2": "²", "3": "³"}
        text = _UNIT_POWER.sub(lambda m: (m[1] or m[3]) + powers[m[2] or m[4]], text)
    return text


_FIRST_WORD = re.compile(r"\W*(\w+)")


def restore_capital(source: str, text: str) -> str:
    """A capital at the beginning where the source begins with one; "iPhone" and "eBay" keep their small letter."""
    source_word, word = _FIRST_WORD.match(source), _FIRST_WORD.match(text)
    if not source_word or not word or not source_word[1][0].isupper() or not word[1].islower():
        return text
    start = word.start(1)
    return text[:start] + text[start].upper() + text[start + 1 :]
