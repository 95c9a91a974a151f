"""Numbers of a German text that an English one must have too, whatever their format."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

__all__ = ["find_numbers", "localize_numbers", "missing_numbers"]

_NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u2009\u202f:]\d+)*")
_POINTED_TIME = re.compile(r"(?<![\d.,])\d{1,2}\.\d{2}(?![\d.,]*\d)")
_SPACE = re.compile(r"[’\u00a0\u2009\u202f]")
_SEPARATOR = re.compile(r"[.,'’\u00a0\u2009\u202f:]")
_GERMAN_FORMAT = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?|\d+,\d+")
_SWAPPED_SIGNS = str.maketrans({".": ",", ",": "."})
# "5" may be written out in English.
_WORDS = {
    **dict.fromkeys(["zero", "no"], "0"),
    **dict.fromkeys(["one", "first", "once", "a"], "1"),
    **dict.fromkeys(["two", "second", "twice", "both"], "2"),
    **dict.fromkeys(["three", "third"], "3"),
    **dict.fromkeys(["four", "fourth"], "4"),
    **dict.fromkeys(["five", "fifth"], "5"),
    **dict.fromkeys(["six", "sixth"], "6"),
    **dict.fromkeys(["seven", "seventh"], "7"),
    **dict.fromkeys(["eight", "eighth"], "8"),
    **dict.fromkeys(["nine", "ninth"], "9"),
    **dict.fromkeys(["ten", "tenth"], "10"),
    **dict.fromkeys(["eleven", "eleventh"], "11"),
    **dict.fromkeys(["twelve", "twelfth"], "12"),
}
_MONTHS = "january february march april may june july august september october november december".split()
_CAPITAL_MONTHS = "|".join(map(str.capitalize, _MONTHS))
_DAY_BEFORE_MONTH = re.compile(rf"(?<![\d.,])(\d{{1,2}})(st|nd|rd|th|)\.(?=\s(?:{_CAPITAL_MONTHS})\b)")


def find_numbers(text: str, *, language: Literal["de", "en"]) -> Counter[str]:
    """The numbers of a text without their format, with how often each occurs.

    German "2.000" and English "2,000" are 2000; "7,4" and "7.4" are 7.4; the parts of a date or time count one by one.
    """
    decimal_sign = "," if language == "de" else "."
    return Counter(part for match in _NUMBER.finditer(text) for part in _canonical(match[0], decimal_sign))


def missing_numbers(source: str, hypothesis: str) -> list[str]:
    """Numbers of the German source that the English hypothesis lacks, without their format.

    Numbers up to twelve may be written out, months too; "18.30" may become "6:30 pm"; a number that occurs twice must
    do so in the hypothesis.
    """
    found = find_numbers(hypothesis, language="en")
    # An English "18.30" is a decimal or a time.
    found.update(part for time in _POINTED_TIME.findall(hypothesis) for part in _canonical(time, ","))
    words = re.findall(r"[a-z]+", hypothesis.lower())
    found.update(_WORDS[word] for word in words if word in _WORDS)
    found.update(str(_MONTHS.index(word) + 1) for word in words if word in _MONTHS)
    missing = find_numbers(source, language="de") - found
    return [number for number in missing.elements() if not _is_hour_on_a_clock(number, hypothesis)]


def localize_numbers(source: str, hypothesis: str) -> str:
    """The hypothesis with English formats for numbers of the German source: "1.500" and "7,4" as "1,500" and "7.4".

    A number of the hypothesis is rewritten when it has the digits of just one grouped or decimal number of the source
    in another format; dates and times keep their points, but for that of a day before its month ("9. May", "9th. May").
    """
    hypothesis = _DAY_BEFORE_MONTH.sub(lambda day: day[1] + day[2] if f"{day[1]}." in source else day[0], hypothesis)
    formats: dict[str, set[str]] = {}
    for number in _NUMBER.findall(source):
        if (english := _english(number)) != number:
            formats.setdefault(_digits(number), set()).add(english)

    def rewrite(match: re.Match[str]) -> str:
        known = formats.get(_digits(match[0]), set())
        return next(iter(known)) if len(known) == 1 and len(match[0]) > len(_digits(match[0])) else match[0]

    return _NUMBER.sub(rewrite, hypothesis) if formats else hypothesis


def _digits(number: str) -> str:
    return _SEPARATOR.sub("", number)


def _english(number: str) -> str:
    plain = _SPACE.sub(".", number)
    if not _GERMAN_FORMAT.fullmatch(plain):
        return number
    return plain.translate(_SWAPPED_SIGNS)


def _canonical(number: str, decimal_sign: str) -> list[str]:
    number = _SPACE.sub("'", number)
    parts = _SEPARATOR.split(number)
    signs = _SEPARATOR.findall(number)
    grouped = len(signs) > 0 and len(parts[0]) <= 3 and all(len(part) == 3 for part in parts[1:])
    if grouped and len({*signs}) == 1 and signs[0] != ":" and (signs[0] != decimal_sign or len(signs) > 1):
        return [_strip("".join(parts))]
    if (
        signs
        and signs[-1] == decimal_sign
        and decimal_sign not in signs[:-1]
        and all(len(part) == 3 for part in parts[1:-1])
    ):
        return [f"{_strip(''.join(parts[:-1]))}.{parts[-1]}"]
    return [_strip(part) for part in parts]


def _strip(digits: str) -> str:
    return digits.lstrip("0") or "0"


def _is_hour_on_a_clock(number: str, hypothesis: str) -> bool:
    """Whether an hour from 13 to 24 stands there as one of a twelve-hour clock."""
    if not (number.isdigit() and 13 <= int(number) <= 24):
        return False
    return bool(re.search(rf"\b{int(number) - 12}(?:[.:]\d\d)?\s?p\.?m", hypothesis.lower()))
