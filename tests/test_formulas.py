"""Fixed phrases of news copy are translated by rule."""

import pytest

from newsmt.formulas import (
    expand_abbreviations,
    from_capitals,
    is_all_capitals,
    split_dateline,
    translate_byline,
    translate_credit,
    translate_dateline,
)


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        ("BERLIN (dpa) - Der Minister", "BERLIN (dpa)"),
        ("München/Wien (dpa/APA) – Der", "München/Wien (dpa/APA)"),
        ("FRANKFURT AM MAIN (Reuters) Der Dax", "FRANKFURT AM MAIN (Reuters)"),
        ("WESTERHAVEN – Im Hafen", "WESTERHAVEN"),
        ("Brüssel, 3. Mai (AFP) – Die EU", "Brüssel, 3. Mai (AFP)"),
        ("Berlin – eine Stadt im Wandel", None),
        ("Die SPD (Berlin) will", None),
        ("Angela Merkel (CDU) reist nach Paris", None),
        ("KRIEG – DIE LAGE", None),
        ("USA: Trump gewinnt", None),
        ("Angela Merkel (CDU) - Kanzlerin", None),
        ("BERLIN (dpa) - ", None),
    ],
)
def test_datelines_are_found(text, dateline):
    found = split_dateline(text)
    assert (found[0] if found else None) == dateline
    assert found is None or "".join(found) == text


@pytest.mark.parametrize(
    ("german", "english"),
    [
        ("MÜNCHEN (dpa)", "MUNICH (dpa)"),
        ("Köln/Wien (dpa/APA)", "Cologne/Vienna (dpa/APA)"),
        ("Bonn (epd)", "Bonn (epd)"),
    ],
)
def test_datelines_have_english_places(german, english):
    assert translate_dateline(german) == english


def test_bylines_and_credits():
    assert translate_byline("Von Anna Beispiel und Max von Muster") == "By Anna Beispiel and Max von Muster"
    assert translate_byline("VON ANNA BEISPIEL UND MAX MUSTER") == "BY ANNA BEISPIEL AND MAX MUSTER"
    assert translate_byline("Von Dr. med. Clara Huth/Max Muster") == "By Dr. med. Clara Huth/Max Muster"
    assert translate_byline("Von unserer Reporterin Anna Beispiel") is None
    assert translate_credit("Foto: dpa/Max Muster") == "Photo: dpa/Max Muster"
    assert translate_credit("Foto: Der Minister am Montag in Berlin") is None


@pytest.mark.parametrize(
    ("capitals", "expected"),
    [
        ("KRIEG IN DER UKRAINE", "Krieg in der Ukraine"),
        ("NEUE REGELN FÜR EU UND NATO", "Neue Regeln für EU und NATO"),
        ("AFD-CHEF IN KÖLN", "AfD-Chef in Köln"),
        ("WIRTSCHAFT", "Wirtschaft"),
    ],
)
def test_capitals(capitals, expected):
    assert is_all_capitals(capitals)
    assert from_capitals(capitals) == expected


@pytest.mark.parametrize("text", ["EU", "DAX", "NATO", "Der DAX", "USA UND EU?", "CDU/CSU", "3:1", ""])
def test_acronyms_do_not_shout(text):
    assert not is_all_capitals(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("u. a. 5 Mio. Euro", "unter anderem 5 Millionen Euro"),
        ("Z.B. hier", "Zum Beispiel hier"),
        ("Es kostet 3 Mrd.", "Es kostet 3 Milliarden."),
        ("Äpfel, Birnen usw. kamen", "Äpfel, Birnen und so weiter kamen"),
        ("z.\u00a0B. dort", "zum Beispiel dort"),
        ("Mios. caba.", "Mios. caba."),
    ],
)
def test_abbreviations_are_written_out(text, expected):
    assert expand_abbreviations(text) == expected
