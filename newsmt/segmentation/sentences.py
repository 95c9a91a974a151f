"""Where German news sentences end: candidates from one pattern, each decided by the words on both sides of it.

German writes nouns with a capital, so a capital alone shows no new sentence. What does is a word that is written small
elsewhere (words.STARTERS); after abbreviations, ordinals and initials that is what the decision rests on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsmt.document import parse
from newsmt.segmentation import words

__all__ = ["split_sentences", "split_with_gaps"]


def split_sentences(text: str) -> list[str]:
    """The sentences of a German text in order, without the white space around them."""
    return [stripped for sentence, _ in split_with_gaps(text) if (stripped := sentence.strip())]


def split_with_gaps(text: str) -> list[tuple[str, str]]:
    """The sentences of a German text, each with what stands after it, so that joining everything gives the text back.

    Gaps are white space, and list markers at the beginning of a line. White space before the first sentence belongs to
    that sentence. A headline, a list item and a paragraph end where newsmt.document ends them; the line breaks of a
    hard-wrapped paragraph end nothing.
    """
    pieces: list[tuple[str, str]] = []
    for block, gap in _blocks(text):
        start = 0
        for end, after in _boundaries(block):
            pieces.append((block[start:end], block[end:after]))
            start = after
        pieces.append((block[start:], gap))
    return pieces


_LINE_BREAK = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_TRAILING_SPACE = re.compile(r"(?<!\s)\s+\Z")


def _blocks(text: str) -> list[tuple[str, str]]:
    """Blocks with the gap after each; the gap before the first one belongs to it."""
    if not text:
        return []
    if not _LINE_BREAK.search(text):
        core = text.rstrip() or text
        return [(core, text[len(core) :])]
    document = parse(text)
    if not document.blocks:
        return [(text, "")]
    texts = [block.text for block in document.blocks]
    texts[0] = document.gaps[0] + texts[0]
    return list(zip(texts, document.gaps[1:], strict=True))


_OPENING = "„“‚‘\"'»«›‹`(\\[¿¡\x84\x93"
_CLOSING = "“”‘’\"'«»‹›´`)\\]\x93\x94"
# The mark, what closes with it, the space, and a look at what follows. The lookbehind keeps long runs of marks linear.
_CANDIDATE = re.compile(
    rf"""
    (?<![.!?…])(?P<mark>[.!?…]++)
    (?P<closing>[{_CLOSING}]*+)
    (?P<space>\s++(?:(?P<stray>[“”«»\"]++)(?=[\s,;:.!?])\s*+)?)
    (?=(?P<opening>[{_OPENING}]*)(?P<next>\S?)(?P<rest>\w*))
    """,
    re.VERBOSE,
)
_LOOK_BACK = 48
_BRACKET_SPAN = 300


def _boundaries(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence but the last ends, and where the next begins."""
    start = 0
    for candidate in _CANDIDATE.finditer(text):
        if candidate["next"] and _ends_sentence(text, start, candidate):
            end = candidate.start("space") if candidate["stray"] is None else candidate.end("stray")
            yield end, candidate.end()
            start = candidate.end()


def _ends_sentence(text: str, start: int, candidate: re.Match[str]) -> bool:
    mark, closing = candidate["mark"], candidate["closing"]
    following = candidate["next"] + candidate["rest"]
    if not _can_begin(text, candidate, following):
        return False
    if "(" in text[max(start, candidate.start() - _BRACKET_SPAN) : candidate.start()]:
        verdict = _in_bracket(text, start, candidate, following)
        if verdict is not None:
            return verdict
    if mark != ".":
        return _after_strong_mark(text, candidate, mark, closing, following)
    word = _word_before(text, start, candidate.start())
    return _after_full_stop(text, start, candidate, word, following)


_BRAND = re.compile(r"[a-zäöü]{1,2}[A-ZÄÖÜ]")
_DOMAIN = re.compile(r"[\w-]+\.(?:de|com|org|net|at|ch|eu|info|tv)\b")


def _can_begin(text: str, candidate: re.Match[str], following: str) -> bool:
    """Whether a sentence can begin with this: not with a small letter, but for brands and quotations."""
    first = candidate["next"]
    if first in ",;:)]}/%&=.!?…" and not text.startswith(("...", ".."), candidate.end("opening")):
        return False
    if first in "-–—":
        after = text[candidate.end("opening") + 1 : candidate.end("opening") + 4].strip()
        return bool(after) and not after[0].islower()
    if not first.islower():
        return True
    if _BRAND.match(following) or _DOMAIN.match(text, candidate.end("opening")):
        return True
    return bool(candidate["opening"]) and candidate["mark"] == "." and candidate["opening"][0] not in "(["


_AGENCY = re.compile(r"\([A-Za-z/ -]{2,12}\)")


def _in_bracket(text: str, start: int, candidate: re.Match[str], following: str) -> bool | None:
    """What a bracket decides: one opened within the sentence holds it together; None where none is open."""
    at = candidate.start()
    floor = max(start, at - _BRACKET_SPAN)
    opened = text.rfind("(", floor, at)
    if text.find(")", opened, at) >= 0 or not text[start:opened].strip(_OPENING + " "):
        return None
    if ")" in candidate["closing"]:
        return following in words.STARTERS
    closed = text.find(")", at, at + _BRACKET_SPAN)
    return False if closed >= 0 else None


def _after_strong_mark(text: str, candidate: re.Match[str], mark: str, closing: str, following: str) -> bool:
    at = candidate.start()
    if "!" in mark or "?" in mark:
        name = text[max(0, at - 20) : candidate.end("mark")].rsplit(None, 1)[-1]
        return name not in words.NAMES_WITH_MARK or following in words.STARTERS
    if text[at - 1 : at] in {"(", "["}:
        return False
    return bool(closing) or following in words.STARTERS or not text[at - 1 : at].isspace()


_FIGURE = re.compile(r"\d+")
_ROMAN = re.compile(r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})")
_DOTTED = re.compile(r"(?:\w{1,5}\.)+\w{1,4}")
# "z. B", "u. v. a. m", "Anm. d. Red": the abbreviation's earlier parts.
_EARLIER_PARTS = re.compile(r"(?:(?<!\w)\w{1,5}\.\s?){1,5}$")


def _word_before(text: str, start: int, at: int) -> str:
    """The word that the mark stands after, without what opens before it."""
    piece = text[max(start, at - _LOOK_BACK) : at]
    if not piece or piece[-1].isspace():
        return ""
    return piece.split()[-1].lstrip(_OPENING + "–—-/")


def _after_full_stop(text: str, start: int, candidate: re.Match[str], word: str, following: str) -> bool:
    if len(word) > 5 and word.isalpha() and word not in words.NEVER_ENDING and word not in words.MIDDLE:
        return True
    if not word or not (word[-1].isalnum() or word[-1] in _CLOSING):
        return True
    if candidate["closing"].strip(")]") and len(word) > 1:
        return True
    if word[-1].isdigit():
        return _after_figure(text, start, candidate, word, following)
    last = re.split(r"[-/(]", word)[-1] or word
    dotted = _dotted(text, start, candidate.start(), word)
    if dotted:
        return _after_dotted(text, candidate, dotted, following)
    if len(last) == 1 and last.isalpha():
        return _after_letter(text, start, candidate, last, following)
    if _ROMAN.fullmatch(last):
        return following in words.STARTERS
    return _after_abbreviation(text, candidate, last, following)


def _dotted(text: str, start: int, at: int, word: str) -> str:
    """An abbreviation of several parts, small and without blanks: "z.b" of "z. B."; "" where it is none."""
    if _DOTTED.fullmatch(word) and len(word) < 14:
        return word.lower()
    if len(word) > 4:
        return ""
    before = text[max(start, at - len(word) - 20) : at - len(word)]
    parts = _EARLIER_PARTS.search(before)
    if not parts:
        return ""
    joined = re.sub(r"\s", "", parts[0]).lower() + word.lower()
    while joined and joined not in _KNOWN_DOTTED:
        joined = joined.partition(".")[2]
    return joined if "." in joined else ""


_KNOWN_DOTTED = words.DOTTED_NEVER | words.DOTTED_ENDING | words.MIDDLE_DOTTED


def _after_dotted(text: str, candidate: re.Match[str], dotted: str, following: str) -> bool:
    if dotted in words.DOTTED_NEVER:
        return False
    if dotted in words.DOTTED_ENDING:
        return True
    if dotted in words.MIDDLE_DOTTED or all(len(part) == 1 for part in dotted.split(".")):
        return _begins_anew(text, candidate, following)
    last = dotted.rsplit(".", 1)[-1]
    return not (dotted.split(".")[0] in {"dipl", "dr", "prof", "priv"} or last in {"nr", "dr", "ing"})


def _begins_anew(text: str, candidate: re.Match[str], following: str) -> bool:
    """Whether the next word is one that only a new sentence writes with a capital."""
    if following not in words.STARTERS:
        return False
    if following in {"Der", "Die", "Das"}:
        title = re.match(r"\s+(\w+)", text[candidate.end("rest") : candidate.end("rest") + 20])
        return not (title and title[1] in words.TITLES_OF_PAPERS)
    return True


_NAME_BEFORE = re.compile(r"[A-ZÄÖÜ][\w.’'-]*\s$")


def _after_letter(text: str, start: int, candidate: re.Match[str], letter: str, following: str) -> bool:
    """After an initial, a lettered thing ("Plan B.") or a small letter."""
    before = text[max(start, candidate.start() - 30) : candidate.start() - 1].split()
    if letter.islower():
        return letter in "f" and following in words.STARTERS
    if following in words.STARTERS:
        return bool(before)
    return bool(before) and before[-1] in words.LETTER_NOUNS


def _after_abbreviation(text: str, candidate: re.Match[str], word: str, following: str) -> bool:
    figure = candidate["next"].isdigit() or candidate["next"] in "§" or bool(_ROMAN.fullmatch(following))
    if word in words.BEFORE_FIGURE and figure:
        return False
    if word in words.ENDING:
        return True
    if word in words.NEVER_ENDING:
        return False
    if word in words.MIDDLE or word.endswith("str"):
        return _begins_anew(text, candidate, following)
    return True


_DATE_REST = re.compile(r"\d{1,2}\.(?:\s?\d{2,4})?(?!\d)|\d{4}\b")
_LIST_LEAD = re.compile(r"[:;(]\s*$")


def _after_figure(text: str, start: int, candidate: re.Match[str], word: str, following: str) -> bool:
    """Whether "5." is an ordinal or the end of a sentence."""
    figure = re.split(r"[-–/]", word)[-1]
    if not figure.isdigit():
        return not (re.fullmatch(r"\d{1,2}\.\d{1,2}", figure) and following in words.MONTHS)
    head = text[max(start, candidate.start() - len(word) - 30) : candidate.start() - len(figure)]
    before = head.split()[-1:] or [""]
    if not head.strip(_OPENING + " –—-*•"):
        return False
    if len(figure) <= 2 and following in words.MONTHS:
        return False
    if len(figure) <= 2 and _DATE_REST.match(text, candidate.end()):
        return False
    if _LIST_LEAD.search(head) and len(figure) <= 2:
        return False
    if following in words.STARTERS:
        return True
    if not candidate["next"].isalpha():
        return True
    if (
        following in words.ORDINAL_NOUNS
        or following + text[candidate.end("rest") : candidate.end("rest") + 1] in words.ORDINAL_NOUNS
    ):
        return False
    if len(figure) > 3:
        return before[0].lower() not in words.DETERMINERS
    return before[0].lower().strip(_OPENING) not in words.DETERMINERS | {"und", "oder", "bis", "–", "-"}
