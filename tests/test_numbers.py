"""A number that is missing in the translation is found, whatever the formats."""

import pytest

from newsmt.numbers import find_numbers, localize_numbers, missing_numbers


@pytest.mark.parametrize(
    ("source", "hypothesis", "missing"),
    [
        ("2.000 Soldaten, 7,4 Prozent, am 5. November 2024", "2,000 soldiers, 7.4 percent, on November 5, 2024", []),
        ("um 18.30 Uhr", "at 6:30 p.m.", []),
        ("um 18.30 Uhr", "at 6.30pm", []),
        ("um 18.30 Uhr", "at 18:30", []),
        ("um 18.30 Uhr", "at 18.30", []),
        ("am 3.5.2024", "on 3 May 2024", []),
        ("1.234.567,89 Euro", "1,234,567.89 euros", []),
        ("12,50 Euro", "12.50 euros", []),
        ("1,9 Mrd. Euro", "1.9 billion euros", []),
        ("5 Tore", "five goals", []),
        ("1\u00a0000\u202f000 Menschen", "1,000,000 people", []),
        ("2.200.112 Stimmen", "2,200,12 votes", ["2200112"]),
        ("2.000 Soldaten", "20,000 soldiers", ["2000"]),
        ("7,4 Prozent", "74 percent", ["7.4"]),
        ("von 20 auf 20 Prozent", "to 20 percent", ["20"]),
        ("Das Ergebnis: 3:1", "The result: 3-1", []),
        ("kein", "none", []),
    ],
)
def test_missing(source, hypothesis, missing):
    assert missing_numbers(source, hypothesis) == missing


def test_formats_fold_to_the_same_numbers():
    assert find_numbers("12.500,5 und 3,14", language="de") == find_numbers("12,500.5 and 3.14", language="en")


@pytest.mark.parametrize(
    ("source", "hypothesis", "expected"),
    [
        ("1.500 Euro", "1.500 euros", "1,500 euros"),
        ("1,9 Mrd. Euro", "1,9 billion euros.", "1.9 billion euros."),
        ("1.234.567,89 Euro", "1.234.567,89 euros", "1,234,567.89 euros"),
        ("um 18.30 Uhr am 3.5.2024", "at 18.30 on 3.5.2024", "at 18.30 on 3.5.2024"),
        ("1.500 von 1,5", "1,500 of 1.5", "1,500 of 1.5"),
        ("5.236,80 Euro", "5.236.80 euros", "5,236.80 euros"),
        ("15,00 von 1.500", "1.500 of 15.00", "1.500 of 15.00"),
        ("2.000 Leute", "2000 people", "2000 people"),
        ("3,14", "3,141", "3,141"),
        ("12 000 Leute", "12 000 people", "12 000 people"),
        ("am 9. Mai und am 12. März", "on the 9th. May and 12. March.", "on the 9th May and 12 March."),
        ("Es waren 5 Leute.", "They were 5. May was over.", "They were 5. May was over."),
        ("am 9. Mai 2.000", "on 9. May 2.000", "on 9 May 2,000"),
    ],
)
def test_copied_numbers_get_the_english_format(source, hypothesis, expected):
    assert localize_numbers(source, hypothesis) == expected
