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


_QUOTES = "„“”‟‚‘’\"'»«›‹`´\x84\x93\x94"
_OPENING = _QUOTES + r"(\[¿¡"
_CLOSING = _QUOTES + r")\]"
_EMOJI = "\u2600-\u26ff\u270a-\u270d\u2728\u2764\ufe0f\u200d\U0001f000-\U0001faff"
# The mark (an emoji can be one), what closes with it, the space (it may be forgotten), and a look at what follows.
# A quotation mark or emoji that stands alone after the space still belongs to the sentence. That a pattern begins with
# characters keeps the search fast, and that a run of marks is entered at its beginning only keeps it linear.
_CANDIDATE = re.compile(
    rf"""
    (?P<mark> [.!?…{_EMOJI}] (?: (?<=[.!?…]) (?<![.!?…]{{2}}) [.!?…]*+ | (?<=\s[{_EMOJI}]) [{_EMOJI}]*+ ) )
    (?P<closing> [{_CLOSING}]*+ )
    (?P<space>
        \s++ (?: (?P<stray> [“”]++ (?=[\s,;:.!?]|\Z) | ["«»](?=[,;:]|\Z) | [{_EMOJI}]++ [{_CLOSING}]*+ (?=\s|\Z) )
                \s*+ )?
        | (?= [A-ZÄÖÜ][a-zäöü]+ \s )
    )
    (?= (?P<opening>(?:[{_OPENING}]\s?)*) (?P<next>\S?) (?P<rest>\w*) )
    """,
    re.VERBOSE,
)
_SMALL_WORD = re.compile(r"[a-zäöüß]{3}")
_LOOK_BACK = 48
_BRACKET_SPAN = 300


def _boundaries(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence but the last ends, and where the next begins."""
    start = 0
    for candidate in _CANDIDATE.finditer(text):
        if candidate["next"] and _ends_sentence(text, start, candidate):
            stray = candidate["stray"] is not None
            yield candidate.end("stray") if stray else candidate.start("space"), candidate.end("space")
            start = candidate.end("space")


def _ends_sentence(text: str, start: int, candidate: re.Match[str]) -> bool:
    following = candidate["next"] + candidate["rest"]
    if candidate["mark"][0] not in ".!?…":
        return following in words.STARTERS
    if not candidate["space"]:
        return following in words.STARTERS and bool(_SMALL_WORD.match(text, candidate.start() - 3, candidate.start()))
    if not _can_begin(text, start, candidate):
        return False
    at = candidate.start()
    if text.rfind("(", max(start, at - _BRACKET_SPAN), at) >= 0:
        held = _in_bracket(text, start, candidate, following)
        if held is not None:
            return held
    if candidate["mark"] != ".":
        return _after_strong_mark(text, candidate, following)
    return _after_full_stop(text, start, candidate, following)


# What begins a sentence with a small letter: iPhone, eBay, mRNA; a name of the list; a domain; "b)" of a list.
_SMALL_BEGINNING = re.compile(
    rf"[a-zäöü]{{1,2}}[A-ZÄÖÜ]|(?:{'|'.join(sorted(words.SMALL_NAMES))})\b|[a-z0-9][\w-]+\.[a-z]{{2,4}}\b|[a-z]\)\s"
)
# Small-letter endings of whole German words, which unknown abbreviations do not have.
_WHOLE_WORD = re.compile(
    r"""(?: [a-zäöüß]{2,} (?:en|te|et|rt|lt|gt|bt|kt|nd|ht|nnt)
          | [A-ZÄÖÜ][a-zäöüß]{3,} (?:en|er|ung|heit|keit|schaft|tion|tät) )\Z""",
    re.VERBOSE,
)
# The agency that a report comes from: it opens the text that follows it, and closes one that ends with it.
_AGENCY = re.compile(r"\([A-Za-z][A-Za-z/ -]{1,11}\)(?P<after>\s+[A-ZÄÖÜ„»\"])?")


def _can_begin(text: str, start: int, candidate: re.Match[str]) -> bool:
    """Whether a sentence can begin with this: not with a small letter, but for brands, quotations and slips."""
    first, at = candidate["next"], candidate.end("opening")
    if first in "-–—":
        after = text[at + 1 : at + 4].strip()
        return bool(after) and (after[0].isupper() or after[0].isdecimal() or after[0] in _OPENING)
    if first in ",;:)]}/%&=!?":
        return False
    agency = _AGENCY.match(text, candidate.end("space"))
    if agency:
        return bool(agency["after"])
    if first in ".…":
        return text.startswith(("..", "…"), at)
    if not first.islower():
        return True
    if _SMALL_BEGINNING.match(text, at):
        return True
    if candidate["mark"] != ".":
        return False
    if candidate["opening"] and candidate["opening"][0] not in "([":
        return True
    return not candidate["closing"] and bool(_WHOLE_WORD.match(_word_before(text, start, candidate.start())))


def _in_bracket(text: str, start: int, candidate: re.Match[str], following: str) -> bool | None:
    """What a bracket decides: one opened within the sentence holds it together; None where none is open."""
    at = candidate.start()
    opened = text.rfind("(", max(start, at - _BRACKET_SPAN), at)
    if text.find(")", opened, at) >= 0 or _begins_sentence(text, start, opened):
        return None
    if ")" in candidate["closing"]:
        return following in words.STARTERS
    return False if text.find(")", at, at + _BRACKET_SPAN) >= 0 else None


def _begins_sentence(text: str, start: int, at: int) -> bool:
    """Whether nothing but marks stands before this place in its sentence."""
    return at - start < _LOOK_BACK and not text[start:at].strip(_OPENING + " ")


def _after_strong_mark(text: str, candidate: re.Match[str], following: str) -> bool:
    at = candidate.start()
    mark = candidate["mark"]
    if "!" in mark or "?" in mark:
        name = text[max(0, at - 20) : candidate.end("mark")].split()[-1].lstrip(_OPENING)
        return name not in words.NAMES_WITH_MARK or following in words.STARTERS
    if text[at - 1 : at] in {"(", "["}:
        return False
    if candidate["closing"] or following in words.STARTERS or not text[at - 1 : at].isspace():
        return True
    return bool(_WORD_WITH_PRONOUN.match(text, candidate.end("opening")))


def _word_before(text: str, start: int, at: int) -> str:
    """The word that the mark stands after, without what opens before it; "" after a space."""
    piece = text[max(start, at - _LOOK_BACK) : at]
    return piece.split()[-1].lstrip(_OPENING + "–—-/") if piece and not piece[-1].isspace() else ""


_ROMAN = re.compile(r"(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})")
_COMPOUND = re.compile(r"[-–/(]")


def _after_full_stop(text: str, start: int, candidate: re.Match[str], following: str) -> bool:
    word = _word_before(text, start, candidate.start())
    if len(word) > 5 and word.isalpha() and word not in words.LONG and not word.endswith(words.SHORTENED_ENDINGS):
        return True
    if not word or not (word[-1].isalnum() or word[-1] in _CLOSING):
        return True
    if len(word) > 1 and candidate["closing"].strip(")]"):
        return True
    if word[-1].isdecimal():
        return _after_figure(text, start, candidate, word, following)
    dotted = _dotted(text, start, candidate.start(), word)
    if dotted:
        return _after_dotted(text, candidate, dotted, following)
    if _is_measure(text, candidate.start(), word):
        return True
    last = _COMPOUND.split(word)[-1].lstrip("0123456789") or word
    if len(last) == 1 and last.isalpha():
        return _after_letter(text, start, candidate, last, following)
    if _ROMAN.fullmatch(last):
        return following in words.STARTERS
    return _after_abbreviation(text, start, candidate, last, following)


_NUMBERED_LETTER = re.compile(r"\d+[A-Za-z]")


def _is_measure(text: str, at: int, word: str) -> bool:
    """Whether a letter or two are a unit ("20 m", "3 mg/l") or go with a figure ("7a", "3D"), not an abbreviation."""
    if _NUMBERED_LETTER.fullmatch(word):
        return True
    before = text[max(0, at - len(word) - 9) : at - len(word)].rstrip()
    return word.rpartition("/")[2] in words.UNITS and before[-1:].isdecimal()


_DOTTED = re.compile(r"(?:\w{1,5}\.)+\w{1,4}")
# "z. B", "u. v. a. m", "Anm. d. Red": the abbreviation's earlier parts.
_EARLIER_PARTS = re.compile(r"(?:(?<!\w)\w{1,5}\.\s?){1,5}$")


def _dotted(text: str, start: int, at: int, word: str) -> str:
    """An abbreviation of several parts without its blanks: "z.B" of "z. B."; "" where it is none."""
    if _DOTTED.fullmatch(word) and len(word) < 14:
        return word
    if len(word) > 4:
        return ""
    before = text[max(start, at - len(word) - 20) : at - len(word)]
    parts = _EARLIER_PARTS.search(before)
    if not parts:
        return ""
    joined = "".join(parts[0].split()) + word
    while joined and joined.lower() not in words.DOTTED:
        joined = joined.partition(".")[2]
    return joined if "." in joined else ""


def _after_dotted(text: str, candidate: re.Match[str], dotted: str, following: str) -> bool:
    known = dotted.lower()
    if known in words.DOTTED_NEVER or dotted[-2:] in {".d", ".v"}:
        return False
    if known in words.DOTTED_ENDING or dotted[-2:] == ".Ä":
        return not candidate["opening"].startswith("(")
    parts = known.split(".")
    if known in words.DOTTED_MIDDLE or all(len(part) == 1 for part in parts):
        return _begins_anew(text, candidate, following)
    return not (parts[0] in {"dipl", "dr", "prof", "priv"} or parts[-1] in {"nr", "dr", "ing"})


def _begins_anew(text: str, candidate: re.Match[str], following: str) -> bool:
    """Whether the next word is one that only a new sentence writes with a capital."""
    if following not in words.STARTERS:
        return False
    if following in {"Der", "Die", "Das"}:
        title = re.match(r"\s+(\w+)", text[candidate.end("rest") : candidate.end("rest") + 20])
        return not (title and title[1] in words.TITLES_OF_PAPERS)
    return True


# "§ 12 ff. BGB", "Art. 3 f. GG".
_LAW = re.compile(r"\w*[A-Z]{2}")


def _after_letter(text: str, start: int, candidate: re.Match[str], letter: str, following: str) -> bool:
    """After an initial, a lettered thing ("Plan B.") or a small letter."""
    before = text[max(start, candidate.start() - 30) : candidate.start() - 1].split()
    if letter.islower():
        return letter == "f" and bool(before) and before[-1][-1:].isdecimal() and not _LAW.match(following)
    if following in words.STARTERS:
        return bool(before) and following not in words.SURNAMES
    return bool(before) and before[-1] in words.LETTER_NOUNS


def _after_abbreviation(text: str, start: int, candidate: re.Match[str], word: str, following: str) -> bool:
    figure = candidate["next"].isdecimal() or candidate["next"] == "§" or bool(_ROMAN.fullmatch(following))
    if word in words.BEFORE_FIGURE and figure:
        return False
    if word in words.ENDING:
        return not candidate["opening"].startswith("(") and not (word == "ff" and _LAW.match(following))
    if word in words.NEVER_ENDING:
        return False
    if word in words.WEEKDAYS:
        before = text[max(start, candidate.start() - 12) : candidate.start() - len(word)].split()
        is_weekday = bool(before) and before[-1].lower() in words.BEFORE_WEEKDAYS
        return not is_weekday or _begins_anew(text, candidate, following)
    if word in words.MIDDLE or word.endswith(words.SHORTENED_ENDINGS):
        return _begins_anew(text, candidate, following)
    return True


_MORE_OF_A_DATE = re.compile(r"\d{1,2}\.(?:\s?\d{2,4})?(?!\d)|000\b")
# "Friedrich holt 60. Weltcupsieg": nouns that are counted, as their last part shows.
_COUNTED_NOUN = re.compile(
    r"\w{3,}(?:sieg|titel|tor|treffer|spiel|spieltag|geburtstag|jahrestag|todestag|liga|jubiläum|ausgabe|auflage|minute|platz)"
    r"e?n?s?"
)
_YEAR = re.compile(r"[12]\d{3}\b")
_TRAILING_FIGURE = re.compile(r".*?(\d+)$")
_BEFORE_BARE_ORDINALS = frozenset({"und", "oder", "bis", "–", "-", "als", "an"})
# These can stand before a bare date: "am 5.", "bis zum 15.".
_BEFORE_DATES = frozenset({"am", "zum", "vom", "dem", "den"})
# "am 26. Briefwahl ist möglich": a verb after the noun shows that the noun begins a sentence.
_NOUN_WITH_VERB = re.compile(rf"\w+ (?:{'|'.join(sorted(words.FINITE_VERBS))}) \w")
_WORD_WITH_PRONOUN = re.compile(r"\w+ (?:ich|du|er|sie|es|wir|ihr|man)\b")


def _after_figure(text: str, start: int, candidate: re.Match[str], word: str, following: str) -> bool:
    """Whether "5." is an ordinal, a list number, part of a date or the end of a sentence."""
    if re.search(r"\d[.,:]\d+$", word):
        return not (re.fullmatch(r"\d{1,2}\.\d{1,2}", word) and following in words.MONTHS)
    figure = _TRAILING_FIGURE.sub(r"\1", word)
    head = text[max(start, candidate.start() - len(word) - 40) : candidate.start() - len(figure)]
    if not head.strip(_OPENING + " –—-*•"):
        return False
    before = head.split()[-2:]
    if len(figure) <= 2 and _is_date_or_item(text, start, candidate, int(figure), head, following):
        return False
    if len(figure) <= 3 and (following in words.ORDINAL_NOUNS or _COUNTED_NOUN.fullmatch(following)):
        return False
    if following in words.STARTERS or not candidate["next"].isalpha():
        return True
    return not _is_ordinal(text, start, candidate, figure, before)


def _is_date_or_item(text: str, start: int, candidate: re.Match[str], figure: int, head: str, following: str) -> bool:
    lead = head.rstrip(_QUOTES + " ")[-1:]
    if lead == "(" or (lead == ":" and (figure == 1 or following not in words.STARTERS)):
        return True
    if following in words.MONTHS:
        return True
    if _MORE_OF_A_DATE.match(text, candidate.end("space")):
        return True
    if re.search(r"\d\.\s?$", head) and _YEAR.match(text, candidate.end("space")):
        return True
    follows_item = re.search(r"(?:[,;]|\b(?:und|oder|sowie))\s$", head)
    return bool(follows_item) and f" {figure - 1}. " in text[max(start, candidate.start() - 200) : candidate.start()]


# "ein begangenes 60. Jubiläum", "Frankreichs 3. Republik": these need a noun too. After an article so does every
# adjective: "die geplante 3. Startbahn".
_NEEDS_NOUN = re.compile(r"[a-zäöüß]{4,}(?:es|em)|[A-ZÄÖÜ]\w+(?:lands|reichs|iens|erns|sens|bergs|burgs)")
_ADJECTIVE = re.compile(r"[a-zäöüß]{3,}(?:e|en|er|es|em)")


def _is_ordinal(text: str, start: int, candidate: re.Match[str], figure: str, before: list[str]) -> bool:
    """Whether a noun that follows belongs to the figure, as the two words before it show."""
    nearest = before[-1].strip(_OPENING) if before else ""
    if len(figure) <= 2 and (nearest.endswith(",") or _NEEDS_NOUN.fullmatch(nearest)):
        return True
    if len(before) > 1 and (nearest in words.ADVERBS_BEFORE_ORDINALS or _ADJECTIVE.fullmatch(nearest)):
        further = before[0].strip(_OPENING).lower()
        if further in words.DETERMINERS:
            return True
    nearest = nearest.lower()
    if nearest not in words.DETERMINERS and not (len(figure) <= 3 and nearest in _BEFORE_BARE_ORDINALS):
        return False
    floor = max(start, candidate.start() - 99)
    stands_alone = nearest in _BEFORE_DATES and text.count(" ", floor, candidate.start()) > 2
    return not (stands_alone and _NOUN_WITH_VERB.match(text, candidate.end("opening")))
