"""What a model must not see: characters it has no pieces for, and spaces and signs it was not trained on.

opus-mt-de-en has no piece for “ ” ’, so the closing mark of every German „…“ would become <unk>; it was trained on text
whose punctuation the Moses scripts had folded to ASCII. The bundled model was trained on text folded by "ascii" below.
Each ModelSpec names the normalization its model needs; newsmt.typography brings good English marks back.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from newsmt.errors import UsageError

__all__ = ["NORMALIZATIONS", "fold_ascii", "fold_nothing", "fold_opus_mt", "normalize"]

DOUBLE_QUOTES = "„“”‟«»〝〞＂″"
SINGLE_QUOTES = "‚‘’‛‹›´`ʼ′＇"
SPACES = "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t"
# Soft hyphen, zero-width characters, byte order mark and the marks that only steer the direction of writing.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

_ASCII = str.maketrans(
    {
        **dict.fromkeys(DOUBLE_QUOTES, '"'),
        **dict.fromkeys(SINGLE_QUOTES, "'"),
        **dict.fromkeys(SPACES, " "),
        **dict.fromkeys(INVISIBLE, None),
        "…": "...",
        "\u2010": "-",  # hyphen
        "\u2011": "-",  # no-break hyphen
        "\u2012": "–",  # figure dash
        "\u2015": "—",  # horizontal bar
        "\u2212": "-",  # minus
        "\u2044": "/",  # fraction slash
        "ﬀ": "ff",
        "ﬁ": "fi",
        "ﬂ": "fl",
        "ﬃ": "ffi",
        "ﬄ": "ffl",
        "ĳ": "ij",
    }
)
# What opus-mt-de-en's pieces lack beyond that. Moses writes every dash as a hyphen before training.
_OPUS_MT = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "²": "2",
        "³": "3",
        "¹": "1",
        "™": "",
        "µ": "u",
        "μ": "u",
        "•": "-",
        "·": "-",
        "|": "-",
        "№": "Nr.",
    }
)

_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_MIXED_FRACTION = re.compile(r"(\d)\s?([½¼¾])")
_FRACTION = re.compile(r"[½¼¾⅓⅔⅛]")
_FRACTION_TEXT = {"½": "1/2", "¼": "1/4", "¾": "3/4", "⅓": "1/3", "⅔": "2/3", "⅛": "1/8"}
# "1 000 000" with no-break or thin spaces is one number; models know it as "1.000.000".
_SPACED_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:[\u00a0\u2009\u202f\u2007]\d{3})+(?![\d])")
_NUMBER_SPACE = re.compile(r"[\u00a0\u2009\u202f\u2007]")
_SWISS_NUMBER = re.compile(r"(?<![\d.,])\d{1,3}(?:['’]\d{3})+(?![\d])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_WHITE = re.compile(r"\s+")


def fold_nothing(text: str) -> str:
    """The text with whitespace runs as one space: for models trained on text as it is."""
    return _WHITE.sub(" ", text).strip()


def fold_ascii(text: str) -> str:
    """The text with ASCII quotation marks, plain spaces and no invisible characters.

    Numbers grouped by spaces or apostrophes get the German point ("1 000" -> "1.000"), mixed fractions the comma
    ("2½" -> "2,5"), so that no digit group can be taken for a number of its own.
    """
    text = unicodedata.normalize("NFC", text)
    if text.isascii():
        return _WHITE.sub(" ", _CONTROL.sub(" ", _group(text))).strip()
    text = _group(_SPACED_NUMBER.sub(lambda match: _NUMBER_SPACE.sub(".", match[0]), text))
    text = _MIXED_FRACTION.sub(lambda match: f"{match[1]},{_FRACTIONS[match[2]]}", text)
    text = _FRACTION.sub(lambda match: _FRACTION_TEXT[match[0]], text)
    text = text.translate(_ASCII)
    return _WHITE.sub(" ", _CONTROL.sub(" ", text)).strip()


def fold_opus_mt(text: str) -> str:
    """The text as the Moses scripts would have folded it before opus-mt-de-en was trained."""
    return fold_ascii(fold_ascii(text).translate(_OPUS_MT))


def _group(text: str) -> str:
    return _SWISS_NUMBER.sub(lambda match: match[0].replace("'", ".").replace("’", "."), text)


NORMALIZATIONS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"none": fold_nothing, "ascii": fold_ascii, "opus-mt": fold_opus_mt}
)


def normalize(text: str, name: str) -> str:
    """The text as the model of that normalization ("none", "ascii" or "opus-mt") expects it, on one line.

    Raises UsageError for another name.
    """
    try:
        fold = NORMALIZATIONS[name]
    except KeyError:
        raise UsageError(f"unknown normalization {name!r}: expected one of {', '.join(NORMALIZATIONS)}") from None
    return fold(text)
