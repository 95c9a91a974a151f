"""English quotation marks are balanced and stand where the German ones stood."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmt.typography import Role, find_marks, restore_capital, restore_quotation_marks, restore_signs


def roles(text):
    return "".join(
        {Role.OPEN: "(", Role.CLOSE: ")", Role.OPEN_SINGLE: "<", Role.CLOSE_SINGLE: ">"}[m.role]
        for m in find_marks(text)
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("„Ja“, sagte er.", "()"),
        ("»Ja«, sagte er, »nein.«", "()()"),
        ("«Ja», sagte er. «Nein.»", "()()"),
        ("“Yes,” he said.", "()"),
        ("„Er rief ‚Halt‘ und lief“", "(<>)"),
        ("„Er rief ›Halt‹ und lief“", "(<>)"),
        ('"Ja", sagte er, "nein"', "()()"),
        ("„Das gibt’s nicht“, sagte Lars’ Bruder.", "()"),
        ("„Erster Satz.\nZweiter Satz.“", "()"),
        ("Das ist's, wie's war", ""),
    ],
)
def test_roles(text, expected):
    assert roles(text) == expected


@pytest.mark.parametrize(
    ("sources", "hypotheses", "expected"),
    [
        (["„Ja“, sagte er."], ['"Yes," he said.'], ["“Yes,” he said."]),
        (['"Ja", sagte er.'], ['"Yes," he said.'], ['"Yes," he said.']),
        (["„Eins.", "Zwei.“"], ['"One.', 'Two."'], ["“One.", "Two.”"]),
        (["„Eins.", "Zwei.“"], ["One.", "Two."], ["“One.", "Two.”"]),
        (["„Eins.", "Zwei.", "Drei.“"], ['"One."', '"Two."', '"Three."'], ["“One.", "Two.", "Three.”"]),
        (["Er nannte es „Sache“."], ['He called it "matter."'], ["He called it “matter”."]),
        (["„Es ist gut.“"], ['"It is good".'], ["“It is good.”"]),
        (["„Er rief ‚Halt‘“, sagte sie."], ["\"He shouted 'stop',\" she said."], ["“He shouted ‘stop’,” she said."]),
        (["„Das ist Trumps Haus“"], ["\"It's Trump's house\""], ["“It’s Trump’s house”"]),
        (["Kein Zitat, aber „eins“ hier."], ["No quotation here."], ["No quotation here."]),
        (["„Nur offen, sagte er."], ["Only open, he said."], ["“Only open, he said."]),
        (["Ohne.", "„Mit.“"], ['"Without.', '"With."'], ["Without.", "“With.”"]),
    ],
)
def test_restored(sources, hypotheses, expected):
    assert restore_quotation_marks(sources, hypotheses) == expected


SEGMENTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["„", "“", "Wort", " ", ".", ",", "‚", "‘"]), max_size=12).map("".join),
        st.lists(st.sampled_from(['"', "word", " ", ".", ",", "'"]), max_size=12).map("".join),
    ),
    max_size=6,
)


@given(SEGMENTS)
def test_only_marks_change_and_doubles_are_never_nested(segments):
    sources, hypotheses = [s for s, _ in segments], [h for _, h in segments]
    restored = restore_quotation_marks(sources, hypotheses)
    assert len(restored) == len(hypotheses)
    plain = str.maketrans(dict.fromkeys("\"“”'‘’.,", None))
    assert [text.translate(plain) for text in restored] == [text.translate(plain) for text in hypotheses]


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("Ja – nein", "Yes - no", "Yes – no"),
        ("Ja - nein", "Yes - no", "Yes - no"),
        ("Und dann…", "And then...", "And then…"),
        ("20 km² groß", "20 km2 in size", "20 km² in size"),
    ],
)
def test_signs(source, text, expected):
    assert restore_signs(source, text) == expected


@pytest.mark.parametrize(
    ("source", "text", "expected"),
    [
        ("Oppositionsführer", "opposition leader", "Opposition leader"),
        ("„Ja“", "“yes”", "“Yes”"),
        ("Das iPhone", "iPhone", "iPhone"),
        ("ja", "yes", "yes"),
        ("20 Leute", "people", "people"),
        ("Ja", "", ""),
    ],
)
def test_capital_at_the_beginning(source, text, expected):
    assert restore_capital(source, text) == expected
