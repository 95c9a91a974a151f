"""Markup comes back around the right words, as far as a translation shows them, and never breaks."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmt.batch.markup import Close, Marked, Open, Point, Text
from newsmt.batch.markup.tags import as_pieces
from newsmt.testing import ScriptedBackend
from newsmt.translator import Translator

TAG = re.compile(r"(<[^>]*>)")


def pieces_of(marked_up):
    return as_pieces([Point(part) if part.startswith("<") else Text(part) for part in TAG.split(marked_up) if part])


def place(source, script):
    """The translation of a marked-up sentence, given what the model makes of each text."""
    marked = Marked(pieces_of(source))
    translator = Translator(ScriptedBackend(script))
    translations = list(translator.translate_documents([passage.text for passage in marked.passages]))
    placed = marked.place(translations)
    return "".join(piece.text if isinstance(piece, Text) else piece.raw for piece in placed)


CASES = {
    "a span that is translated alike on its own": (
        "Der <b>Minister</b> sprach.",
        {"Der Minister sprach.": "The minister spoke.", "Minister": "minister"},
        "The <b>minister</b> spoke.",
    ),
    "a name that stays": (
        "Gestern sprach <a>Anna Müller</a> in Köln.",
        {"Gestern sprach Anna Müller in Köln.": "Anna Müller spoke in Cologne yesterday."},
        "<a>Anna Müller</a> spoke in Cologne yesterday.",
    ),
    "two spans that change places": (
        "Am <i>Dienstag</i> kam der <b>Präsident</b>.",
        {
            "Am Dienstag kam der Präsident.": "The president came on Tuesday.",
            "Dienstag": "Tuesday",
            "Präsident": "president",
        },
        "The <b>president</b> came on <i>Tuesday</i>.",
    ),
    "an article that the span has and the sentence has not": (
        "Er liebt <i>das Meer</i> sehr.",
        {"Er liebt das Meer sehr.": "He loves sea air.", "das Meer": "the sea"},
        "He loves <i>sea</i> air.",
    ),
    "words in common, when the span reads otherwise on its own": (
        "Die <b>Kosten für den neuen Hafen</b> steigen.",
        {
            "Die Kosten für den neuen Hafen steigen.": "Costs of the new harbour are rising.",
            "Kosten für den neuen Hafen": "Costs for the new harbour",
        },
        "<b>Costs of the new harbour</b> are rising.",
    ),
    "a sentence of two, in a span of its own": (
        "Das ist gut. <em>Wir machen weiter.</em>",
        {"Das ist gut.": "That is good.", "Wir machen weiter.": "We go on."},
        "That is good. <em>We go on.</em>",
    ),
    "spans in spans": (
        "Der <a><b>rote</b> Wagen</a> hielt.",
        {"Der rote Wagen hielt.": "The red car stopped.", "rote Wagen": "red car", "rote": "red"},
        "The <a><b>red</b> car</a> stopped.",
    ),
    "part of a word": (
        "Der CO<sub>2</sub>-Preis steigt.",
        {"Der CO2-Preis steigt.": "The CO2-Preis rises."},
        "The CO<sub>2</sub>-Preis rises.",
    ),
    "a point at the end of a sentence stays there": (
        "Das ist gut.<br> Wir machen weiter.",
        {"Das ist gut.": "That is very good indeed.", "Wir machen weiter.": "On."},
        "That is very good indeed.<br> On.",
    ),
    "a span with nothing in it": ("Ein <a id=x></a>Wort.", {"Ein Wort.": "A word."}, "A <a id=x></a>word."),
    "a tag that never closes": ("Ein <b>Wort.", {"Ein Wort.": "A word."}, "A <b>word."),
    "tags that overlap": (
        "Ein <b>kurzes <i>Wort</b> mehr</i>.",
        {"Ein kurzes Wort mehr.": "One short word more.", "kurzes Wort": "short word"},
        "One <b>short <i>word</b> more</i>.",
    ),
    "nothing known: in proportion": (
        "aaaa <b>bbbb</b> cccc",
        {"aaaa bbbb cccc": "xxxx yyyy zzzz", "bbbb": "unknown"},
        "xxxx <b>yyyy</b> zzzz",
    ),
    "more spans than words": (
        "<i>Am</i> <b>Ende</b>",
        {"Am Ende": "Finally", "Am": "At", "Ende": "End"},
        None,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_markup_is_placed_around_the_right_words(case):
    source, script, expected = CASES[case]
    placed = place(source, script)
    if expected is not None:
        assert placed == expected
    assert sorted(TAG.findall(placed)) == sorted(TAG.findall(source))


WORDS = st.sampled_from(["Der", "Minister", "Köln", "2.000", "ging,", "„gut“", "Ende.", "a", "CO", "\u00a0"])
TAGS = st.sampled_from(["<b>", "</b>", "<i>", "</i>", "<br>", "<a x='1'>", "</a>", "<sub>", "</sub>"])
MARKED_UP = st.lists(st.one_of(WORDS, TAGS, st.just(" ")), max_size=14).map("".join)
TARGET = st.lists(st.sampled_from(["The", "minister", "Köln", "2.000", "went,", "end.", "CO2", "a"]), max_size=8)


@settings(max_examples=60)
@given(MARKED_UP, TARGET)
def test_no_tag_is_lost_or_broken_and_the_text_comes_once(source, target):
    translation = " ".join(target)
    marked = Marked(pieces_of(source))
    translator = Translator(ScriptedBackend(lambda text: translation or text))
    translations = list(translator.translate_documents([passage.text for passage in marked.passages]))
    placed = marked.place(translations)
    markup = [piece.raw.strip() for piece in placed if not isinstance(piece, Text)]
    assert sorted(markup) == sorted(TAG.findall(source))
    assert _is_nested(placed)
    if marked.plain:
        written = "".join(piece.text for piece in placed if isinstance(piece, Text))
        assert written.split() == translations[0].text.split()


def _is_nested(pieces):
    depth = 0
    for piece in pieces:
        depth += isinstance(piece, Open) - isinstance(piece, Close)
        if depth < 0:
            return False
    return depth == 0


@settings(max_examples=40)
@given(MARKED_UP)
def test_an_echo_leaves_every_tag_where_it_was(source):
    marked = Marked(pieces_of(source))
    translator = Translator(ScriptedBackend({}))
    translations = list(translator.translate_documents([passage.text for passage in marked.passages]))
    placed = "".join(piece.text if isinstance(piece, Text) else piece.raw for piece in marked.place(translations))
    assert re.sub(" +", "", placed) == re.sub(" +", "", source)
