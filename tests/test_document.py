"""parse() and render() are inverses, and blocks are what a reader would call blocks."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmt.document import Document, parse, render
from newsmt.errors import UsageError

LINE_ENDS = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028"]
PIECES = [
    *LINE_ENDS,
    " ",
    "\t",
    "> ",
    "- ",
    "1. ",
    "2. ",
    "•\u00a0",
    "Wort",
    "Kranken-",
    "haus",
    ". ",
    "„Ja“",
    "\x00",
    "🙂",
    "Ein Satz, der lang genug ist",
]
# All that may stand in a gap: white space, marks of quoted mail, list markers.
MARGIN = r"(?:\s|>|[-*+•·◦▪‣–—]\s|\(?\d{1,3}[.)]\s|[a-z]\)\s)*"

ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=60).map("".join))


@given(ANY_TEXT, st.sampled_from(["auto", "join", "keep"]))
def test_render_gives_back_every_text(text, line_breaks):
    document = parse(text, line_breaks=line_breaks)
    assert render(document) == text
    assert all(block.text.strip() for block in document.blocks)
    for gap in document.gaps:
        assert re.fullmatch(MARGIN, gap), gap


WRAPPED = """\
BERLIN (xyz) - Der Stadtrat hat am Dienstagabend beschlossen, die alte
Brücke über die Spree zu sanieren. Die Arbeiten sollen im Frühjahr be-
ginnen und rund 2,4 Millionen Euro kosten, teilte die Verwaltung mit.
Anwohner hatten seit Jahren auf eine Lösung gedrängt.

Der Verkehr wird während der Bauzeit über die Bundesstraße geleitet,
wie ein Sprecher sagte.
"""


def texts(text, **options):
    return [block.prose for block in parse(text, **options).blocks]


def test_hard_wrapped_paragraphs_are_joined_and_hyphenation_undone():
    first, second = texts(WRAPPED)
    assert first.startswith("BERLIN (xyz) - Der Stadtrat")
    assert "im Frühjahr beginnen und rund" in first
    assert second == "Der Verkehr wird während der Bauzeit über die Bundesstraße geleitet, wie ein Sprecher sagte."


def test_wrapping_another_text_keeps_width_indentation_and_line_ends():
    text = WRAPPED.replace("\n", "\r\n").replace("\r\n", "\r\n  ").rstrip(" ")
    block = parse("  " + text).blocks[0]
    wrapped = block.wrap("word " * 40)
    assert wrapped.split("\r\n  ")[1].startswith("word")
    assert max(map(len, wrapped.split("\r\n"))) <= block.width


def test_quoted_mail_is_joined_and_quoted_again():
    text = "".join("> " + line + "\n" for line in WRAPPED.split("\n\n")[0].splitlines())
    (block,) = parse(text).blocks
    assert "Spree zu sanieren. Die Arbeiten" in block.prose
    assert ">" not in block.prose
    assert all(line.startswith("> ") for line in block.wrap("word " * 40).split("\n")[1:])


def test_lines_can_be_forced_either_way():
    assert len(texts(WRAPPED, line_breaks="keep")) == 6
    assert texts("Erste Zeile\nzweite Zeile\n\nEnde.", line_breaks="join") == ["Erste Zeile zweite Zeile", "Ende."]
    with pytest.raises(UsageError, match="auto, join, keep"):
        parse("x", line_breaks="both")


def test_one_paragraph_a_line_stays_so():
    text = "Überschrift ohne Punkt\nDas ist der erste Absatz, und er ist ein wenig länger als die Überschrift.\nKurz.\n"
    assert len(texts(text)) == 3


def test_headline_and_subheadline_of_like_length_are_two_blocks():
    text = "Der Hafenstreik geht in die zweite Woche und trifft den Handel\n"
    text += "Beide Seiten wollen am Montag wieder miteinander sprechen\n\nDie Lage ist ernst.\n"
    assert len(texts(text)) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- erstens\n- zweitens\n", ["erstens", "zweitens"]),
        ("1. erstens\n2. zweitens\n", ["erstens", "zweitens"]),
        ("1. FC Köln siegt\n", ["1. FC Köln siegt"]),
        (
            "5. November: Wahl in den USA\n\n3. Oktober: Feiertag",
            ["5. November: Wahl in den USA", "3. Oktober: Feiertag"],
        ),
        ("  • Punkt\n\ta) Unterpunkt", ["Punkt", "Unterpunkt"]),
        ("-5 Grad in Oslo", ["-5 Grad in Oslo"]),
    ],
)
def test_list_markers_stay_outside(text, expected):
    assert texts(text) == expected


def test_list_items_may_go_on_below_their_text():
    text = "- Der erste Punkt ist so lang, dass er auf die nächste Zeile geht und\n"
    text += "  dort noch eine Weile weiterläuft, bis endlich auch diese zweite Zeile\n  voll ist.\n- kurz\n"
    first, second = parse(text).blocks
    assert first.prose.endswith("bis endlich auch diese zweite Zeile voll ist.")
    assert second.prose == "kurz"


def test_kinds():
    text = (
        "KRIEG\nStreik im Hafen\n\nVon Dr. med. Anna Beispiel und Max Muster\n\nFoto: xyz\n\nAlles steht still.\n\n"
        "Folgen\n\n- Punkt\n- Punkt\n\nTSV A - FC B 3:1\nTSV C - FC D 0:0\n\nEin Kran ruht. Foto: Agentur\n"
    )
    kinds = [block.kind.value for block in parse(text).blocks]
    assert kinds == [
        *("headline", "headline", "byline", "caption", "paragraph", "headline", "list_item", "list_item"),
        *("paragraph", "paragraph", "caption"),
    ]


def test_ten_thousand_empty_lines_are_one_gap():
    document = parse("\n" * 10_000)
    assert document == Document((), ("\n" * 10_000,))


def test_unequal_numbers_of_texts_are_refused():
    with pytest.raises(ValueError, match="zip"):
        render(parse("a\nb"), ["a"])
    with pytest.raises(ValueError, match="gaps"):
        Document((), ())
