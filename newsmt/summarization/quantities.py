"""Numbers and dates of a text with what they count: "5,8 Mio." and "5.8 million" are the same, "5.8 billion" is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from newsmt.numbers import find_numbers

__all__ = ["MONTHS", "Quantity", "find_dates", "find_quantities"]

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number of a text.

    text: as it stands there.
    readings: what it can mean, without format: "38600000000" for 38.6 billion, "2.4%", "16" for 4 p.m., ">1000" for
        thousands.
    """

    text: str
    readings: frozenset[str]


_UNITS = {
    "en": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen".split(),
    "de": "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn "
    "siebzehn achtzehn neunzehn".split(),
}
_TENS = {
    "en": "twenty thirty forty fifty sixty seventy eighty ninety".split(),
    "de": "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig".split(),
}
_ENGLISH_ORDINALS = (
    "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth "
    "seventeenth eighteenth nineteenth"
).split()


def _english_words() -> dict[str, int]:
    words = {word: number for number, word in enumerate(_UNITS["en"]) if number != 1}
    words |= {word: number for number, word in enumerate(_ENGLISH_ORDINALS, start=3)}
    words |= {word: 10 * number for number, word in enumerate(_TENS["en"], start=2)}
    words |= {f"{word[:-1]}ieth": 10 * number for number, word in enumerate(_TENS["en"], start=2)}
    plurals = {f"{word}s" for word in words if word.endswith(("th", "ird"))} | {"twenties", "thirties", "forties"}
    words |= {word: words[word[:-1]] for word in plurals if word[:-1] in words}
    return words | {"twice": 2, "both": 2, "dozen": 12, "dozens": 12}


def _german_words() -> dict[str, int]:
    words = {word: number for number, word in enumerate(_UNITS["de"]) if number != 1}
    tens = {word: 10 * number for number, word in enumerate(_TENS["de"], start=2)}
    ones = {"ein": 1} | {word: number for number, word in enumerate(_UNITS["de"]) if 2 <= number <= 9}
    words |= tens | {f"{one}und{ten}": tens[ten] + ones[one] for ten in tens for one in ones}
    words |= {f"{word}hundert": 100 * number for word, number in ones.items()}
    words |= {f"{word}tausend": 1000 * number for word, number in words.items() if 0 < number < 1000}
    return words | {"zweit": 2, "dritt": 3, "viert": 4, "siebt": 7, "beid": 2, "dutzend": 12}


_WORDS: Mapping[str, dict[str, int]] = {"en": _english_words(), "de": _german_words()}
# What a German number word may grow at its end: "dritte", "zweimal", "neunseitig", "sechsjähriger", "achtzigsten".
_GERMAN_ENDING = (
    r"(?:er|te[mnrs]?|ste[mnrs]?|t|mal|malig\w*|fach\w*|t?el|t?eln|t?els|einhalb|"
    r"(?:jähr|täg|stünd|minüt|wöch|monat|seit|köpf|stell|stöck|bänd|teil|spur)\w*)"
)
_GERMAN_NUMBER = re.compile(
    rf"({'|'.join(sorted(_WORDS['de'], key=len, reverse=True))})(?:{_GERMAN_ENDING}|(?<=[td])e[mnrs]?)?",
    re.IGNORECASE,
)

_SCALES: Mapping[str, dict[str, int]] = {
    "en": {
        **dict.fromkeys(["hundred", "hundreds"], 2),
        **dict.fromkeys(["thousand", "thousands", "k"], 3),
        **dict.fromkeys(["million", "millions", "mn"], 6),
        **dict.fromkeys(["billion", "billions", "bn"], 9),
        **dict.fromkeys(["trillion", "trillions", "tn"], 12),
    },
    "de": {
        **dict.fromkeys(["hundert"], 2),
        **dict.fromkeys(["tausend", "tsd"], 3),
        **dict.fromkeys(["million", "millionen", "mio", "mill"], 6),
        **dict.fromkeys(["milliarde", "milliarden", "mrd"], 9),
        **dict.fromkeys(["billion", "billionen", "bio"], 12),
    },
}
_MANY: Mapping[str, dict[str, int]] = {
    "en": {"hundreds": 100, "thousands": 1000, "millions": 10**6, "billions": 10**9},
    "de": {"hunderte": 100, "tausende": 1000, "hunderttausende": 10**5, "millione": 10**6, "milliarde": 10**9},
}
_PERCENT = re.compile(r"(?:%|per ?cent|percentage|pct|prozent)", re.IGNORECASE)
_ARTICLE = {"en": {"a", "an", "one"}, "de": {"ein", "eine", "einer", "einem", "einen", "eines"}}
_JOINS = re.compile(r"\s*(?:[-–—/]|to|and|or|bis|und|oder)\s*", re.IGNORECASE)

_NUMBER = r"\d+(?:[.,'’\u00a0\u2009\u202f:]\d+)*"
_TOKEN = re.compile(rf"{_NUMBER}|[^\W\d_]+")
_POINTED_TIME, _HALF_OF_DAY = re.compile(r"\d{1,2}\.\d{2}"), re.compile(r"\s?[ap]\.?m\b", re.IGNORECASE)
_AFTERNOON = re.compile(r"\s?p\.?m\b", re.IGNORECASE)


@dataclass(slots=True)
class _Found:
    """A number while its text is read: its values, where it stands, and what follows it.

    unit: the power of ten of "million", "%", "m" for million or metres; with "?" before it for the 5 of "5 or 6 %".
    """

    start: int
    end: int
    values: list[str]
    unit: str = ""


def find_quantities(text: str, language: Language) -> list[Quantity]:
    """The numbers of a text, in digits or words, with million, per cent and the like taken into account.

    "one", "first" and "second" are no numbers: too often they count nothing.
    """
    found = list(_numbers(text, language))
    for one, other in zip(reversed(found[:-1]), reversed(found[1:]), strict=True):
        if not one.unit and other.unit and _JOINS.fullmatch(text[one.end : other.start]):
            one.unit = f"?{other.unit.removeprefix('?')}"
    return [
        Quantity(text[one.start : one.end], frozenset(_readings(text, one, value, language)))
        for one in found
        for value in one.values  # the hour and the minute, each on its own
    ]


def _numbers(text: str, language: Language) -> Iterator[_Found]:
    tokens = list(_TOKEN.finditer(text))
    position = 0
    while position < len(tokens):
        values, length = _read(text, tokens, position, language)
        if not length:
            position += 1
            continue
        found = _Found(tokens[position].start(), tokens[position + length - 1].end(), values)
        _read_unit(text, found, language)
        yield found
        while position < len(tokens) and tokens[position].start() < found.end:
            position += 1


def _read(text: str, tokens: Sequence[re.Match[str]], position: int, language: Language) -> tuple[list[str], int]:
    """What the number at a token is worth, and how many tokens it has: none where no number begins."""
    word = tokens[position][0].lower()
    if word[0].isdigit():
        if language == "en" and _POINTED_TIME.fullmatch(word) and _HALF_OF_DAY.match(text, tokens[position].end()):
            return word.split("."), 1
        return list(find_numbers(word, language=language)), 1
    if many := _many(tokens, position, language):
        return many
    following = tokens[position + 1][0].lower() if position + 1 < len(tokens) else ""
    if word in _ARTICLE[language] and following in _SCALES[language]:
        return ["1"], 1
    if language == "de":
        match = _GERMAN_NUMBER.fullmatch(word)
        return ([str(_WORDS["de"][match[1]])], 1) if match else ([], 0)
    value = _WORDS["en"].get(word)
    if value is None:
        return [], 0
    ones = 1 if following in ("one", "first") else 2 if following == "second" else _WORDS["en"].get(following, 0)
    compound = value in range(20, 100, 10) and 1 <= ones <= 9 and text[tokens[position].end()] in " -"
    return ([str(value + ones)], 2) if compound else ([str(value)], 1)


def _many(tokens: Sequence[re.Match[str]], position: int, language: Language) -> tuple[list[str], int] | None:
    """What "thousands", "hundreds of thousands", "Hunderttausende" are worth at least, and how many words they are."""
    length = least = 0
    for number, token in enumerate(tokens[position : position + 3], start=1):
        word = token[0].lower().removesuffix("n" if language == "de" else "")
        if word in _MANY[language]:
            least = max(1, least) * _MANY[language][word]
            length = number
        elif word != "of" or not least:
            break
    return ([f">{least}"], length) if least else None


_WORD_AFTER = re.compile(r"[\s\u00a0-]?([^\W\d_]+)")
_METRES_OR_MILLIONS = re.compile(r"m\b")


def _read_unit(text: str, number: _Found, language: Language) -> None:
    """Take in the "million" or "per cent" that follows a number."""
    if _PERCENT.match(text[number.end : number.end + 16].lstrip(" \u00a0\u2009\u202f-")):
        number.unit = "%"
    elif _METRES_OR_MILLIONS.match(text, number.end):
        number.unit = "m"
    elif not number.values[0].startswith(">"):
        power = 0
        while (match := _WORD_AFTER.match(text, number.end)) and match[1].lower() in _SCALES[language]:
            power += _SCALES[language][match[1].lower()]
            number.end = match.end()
        number.unit = str(power) if power else ""


# "2.000" in English is a decimal, or a German number that a model copied.
_COPIED = re.compile(r"\d{1,3}(?:\.\d{3})+")


def _readings(text: str, number: _Found, value: str, language: Language) -> Iterator[str]:
    plain = _plain(value)
    unit = number.unit.removeprefix("?")
    if unit in ("", "m") or number.unit.startswith("?"):
        yield plain
    if unit == "%":
        yield f"{plain}%"
    elif unit:
        yield _plain(f"{Decimal(value).scaleb(6 if unit == 'm' else int(unit)):f}")
    elif plain.isdigit() and 1 <= int(plain) <= 12 and _AFTERNOON.match(text, number.end):
        yield str(int(plain) + 12)
    elif language == "en" and _COPIED.fullmatch(value):
        yield value.replace(".", "")


def _plain(value: str) -> str:
    """Without the zeros of "5.50"; those of "2.000" stay, as they may not be decimals at all."""
    return value.rstrip("0").rstrip(".") if "." in value and not _COPIED.fullmatch(value) else value


MONTHS: Mapping[str, Sequence[str]] = {
    "en": "january february march april may june july august september october november december".split(),
    "de": "januar februar märz april mai juni juli august september oktober november dezember".split(),
}
_MONTH = {
    language: "|".join([*MONTHS[language], *{month[:3] for month in MONTHS[language]}, *extra])
    for language, extra in (("en", ["sept"]), ("de", ["jänner", "feber", "sept"]))
}
_DAY = r"(?<![\d.,:])(\d{1,2})"
_ENGLISH_DATES = (
    re.compile(rf"{_DAY}(?:st|nd|rd|th)?(?:\s+of)?\s+({_MONTH['en']})\b", re.IGNORECASE),
    re.compile(rf"\b({_MONTH['en']})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?(?![\d,.:]*\d)", re.IGNORECASE),
)
_GERMAN_DATES = (
    re.compile(
        rf"{_DAY}\.\s?(?:(?:bis|und|oder|/|–|-)\s?(?:zum\s)?(\d{{1,2}})\.\s?)?({_MONTH['de']})\b", re.IGNORECASE
    ),
    re.compile(rf"{_DAY}\.\s?(\d{{1,2}})\.(?:\s?\d{{2,4}})?(?!\d)"),
)


def find_dates(text: str, language: Language) -> dict[tuple[int, int], str]:
    """The days of the year that a text names, as day and month, with how it writes them."""
    dates: dict[tuple[int, int], str] = {}
    if language == "de":
        for match in _GERMAN_DATES[0].finditer(text):
            for day in filter(None, (match[1], match[2])):
                dates[int(day), _month(match[3], "de")] = match[0]
        for match in _GERMAN_DATES[1].finditer(text):
            dates[int(match[1]), int(match[2])] = match[0]
    else:
        for match in _ENGLISH_DATES[0].finditer(text):
            dates[int(match[1]), _month(match[2], "en")] = match[0]
        for match in _ENGLISH_DATES[1].finditer(text):
            dates[int(match[2]), _month(match[1], "en")] = match[0]
    return {(day, month): shown for (day, month), shown in dates.items() if 1 <= day <= 31 and 1 <= month <= 12}


def _month(name: str, language: Language) -> int:
    short = {"jän": "jan", "feb": "feb"}.get(name.lower()[:3], name.lower()[:3])
    return 1 + [month[:3] for month in MONTHS[language]].index(short)
