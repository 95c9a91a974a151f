"""Reading, filtering, generating and packing of training pairs."""

from __future__ import annotations

import lzma
import random
import re

import numpy as np
import pytest

from models.training import filters
from models.training.corpora import Pair, fold_pair, read_corpus, write_corpus
from models.training.leakage import LeakageReport, ScoringSentences
from models.training.newsroom import join_neighbours, make_kickers, make_quotations, shared_names
from models.training.numerals import SLOTS, TEMPLATES, english_number, generate_numerals, german_number
from models.training.packing import PackedPairs, pack, read_packed, write_packed
from newsmt.numbers import missing_numbers

GOOD = Pair("Die Regierung hat den Haushalt beschlossen.", "The government has passed the budget.")


def test_corpus_comes_back_as_it_was_written(tmp_path):
    pairs = [GOOD, Pair("„Ja“, sagte sie.", "“Yes,” she said."), Pair("Ein\u2028Absatz", "A paragraph")]
    write_corpus(tmp_path, "news", pairs)
    assert read_corpus(tmp_path, "news") == pairs


def test_line_without_a_tab_is_named(tmp_path):
    with lzma.open(tmp_path / "news.tsv.xz", "wt", encoding="utf-8") as file:
        file.write("Ja\tYes\nnur Deutsch\n")
    with pytest.raises(ValueError, match=r"line 2.*nur Deutsch"):
        read_corpus(tmp_path, "news")


def test_missing_corpus_names_those_that_are_there(tmp_path):
    write_corpus(tmp_path, "news", [GOOD])
    with pytest.raises(FileNotFoundError, match=r"'sport'.*\['news'\]"):
        read_corpus(tmp_path, "sport")


def test_folding_is_the_librarys_and_keeps_english_numbers_english():
    folded = fold_pair(Pair("„Das kostet 10\u202f000 Euro …“", "“It costs 10\u202f000 euros …” or 2½"))
    assert folded.source == '"Das kostet 10.000 Euro ..."'
    assert folded.target == '"It costs 10,000 euros ..." or 2.5'


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        (*GOOD, None),
        ("", "Text", "empty"),
        ("...", "!", "no words"),
        ("Wort " * 130, "word " * 130, "too long"),
        ("Ja.", "This is quite another sentence, far longer than that.", "lengths differ"),
        ("Die MÃ¼nchner feiern heute.", "Munich celebrates today.", "broken characters"),
        ("Die <b>Münchner</b> feiern heute.", "Munich celebrates today, doesn't it.", "markup"),
        ("Слава стране и людям", "Glory to the country and people", "not Latin script"),
        ("Barack Obama Donald Trump", "Barack Obama Donald Trump", "copied"),
        ("He was in the city that was on fire.", "In the city there was a fire.", "source not German"),
        ("Das Haus steht in der Stadt.", "Das Haus ist nicht in der Stadt.", "target not English"),
        ("Es kamen 12.500 Menschen im Jahr 2015.", "In 2014, 13,000 people came.", "numbers differ"),
        ("Es kamen 12.500 Menschen.", "12,500 people came.", None),
        ("Um 18.30 Uhr ging es los.", "It started at half past six.", "numbers differ"),
        ("Zürich", "Zurich", None),
    ],
)
def test_fault(source, target, expected):
    assert filters.fault(Pair(source.strip(), target.strip())) == expected


def test_keep_good_counts_what_it_drops():
    kept, faults = filters.keep_good([GOOD, Pair("", "x"), Pair("y", ""), GOOD])
    assert kept == [GOOD, GOOD]
    assert faults == {"empty": 2}


def test_deduplicate_looks_past_case_and_punctuation_and_remembers_other_corpora():
    seen: set[Pair] = set()
    shouted = Pair("DIE REGIERUNG HAT DEN HAUSHALT BESCHLOSSEN!", "The government has passed the budget")
    assert filters.deduplicate([GOOD, shouted], seen) == [GOOD]
    assert filters.deduplicate([GOOD], seen) == []


@pytest.fixture
def scoring(tmp_path):
    directory = tmp_path / "set"
    directory.mkdir()
    (directory / "source.de").write_text(
        "Der Minister reist am Montag zu Gesprächen nach Paris und Rom.\nSport\n", "utf-8"
    )
    (directory / "reference.en").write_text(
        "The minister travels to Paris and Rome for talks on Monday.\nSport\n", "utf-8"
    )
    return ScoringSentences([directory])


@pytest.mark.parametrize(
    ("pair", "kind"),
    [
        (Pair("DER MINISTER reist am Montag zu Gesprächen nach Paris und Rom", "Whatever it says"), "exact"),
        (Pair("Irgendetwas", "The minister travels to Paris and Rome for talks on Monday!"), "exact"),
        (Pair("Der Minister reist am Montag zu Gesprächen nach Paris und Wien.", "The minister goes there."), "near"),
        (Pair("Sport", "Sport"), None),
        (Pair("Der Minister reist am Dienstag mit dem Zug nach Wien zurück.", "He returns."), None),
    ],
)
def test_scoring_sentences_are_found(scoring, pair, kind):
    assert scoring.kind_of_leak(pair) == kind
    report = LeakageReport()
    assert scoring.clean([pair], report) == ([] if kind else [pair])
    assert (report.exact, report.near) == (int(kind == "exact"), int(kind == "near"))
    assert report.checked == 1


def test_numbers_are_written_as_each_language_writes_them():
    assert (german_number(1234567), english_number(1234567)) == ("1.234.567", "1,234,567")
    assert german_number(42) == english_number(42) == "42"


def test_every_template_names_known_slots_and_the_same_on_both_sides():
    for german, english in TEMPLATES:
        slots = re.findall(r"\{(\w+?)\d?\}", german)
        assert slots
        assert set(slots) <= set(SLOTS)
        assert sorted(re.findall(r"\{\w+\}", german)) == sorted(re.findall(r"\{\w+\}", english))


def test_generated_numbers_agree():
    pairs = generate_numerals(1500, random.Random(3))
    assert len(set(pairs)) == 1500
    assert not [pair for pair in pairs if "{" in pair.source + pair.target]
    wrong = [pair for pair in pairs if "Uhr" not in pair.source and ":" not in pair.source and missing_numbers(*pair)]
    assert wrong == []


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        (r"Prozent", r"percent"),
        (r" %", r"\d%"),
        (r"Mrd\.", r"billion"),
        (r"Mio\.", r"million"),
        (r"Billionen", r"trillion"),
        (r"1[3-9][.:]\d\d Uhr", r"[1-7]:\d\d p\.m\."),
        (r"\b0[.:]\d\d Uhr", r"12:\d\d a\.m\."),
        (r"er-Jahren", r"\d0s"),
    ],
)
def test_units_are_translated(pattern, wanted):
    found = [pair for pair in generate_numerals(3000, random.Random(5)) if re.search(pattern, pair.source)]
    assert found
    assert [pair for pair in found if not re.search(wanted, pair.target)] == []


def test_article_before_eighty():
    pairs = generate_numerals(6000, random.Random(1))
    assert [pair.target for pair in pairs if re.search(r"\b[Aa] (8\d?|11|18)-year", pair.target)] == []


def test_entities_use_cldr_names():
    pytest.importorskip("babel", reason="Babel is a dependency of the recipe only")
    from models.training.entities import city_names, country_names, generate_entities, language_names

    assert Pair("Frankreich", "France") in country_names()
    assert Pair("Moskau", "Moscow") in city_names()
    assert Pair("Ungarisch", "Hungarian") in language_names()
    assert not [pair for pair in country_names() if pair.source in ("Schweiz", "Türkei", "Vereinigte Staaten")]
    pairs = generate_entities(400, random.Random(2), ["Kiesewetter", "Obama"])
    assert len(set(pairs)) == 400
    assert not [pair for pair in pairs if "{" in pair.source + pair.target]
    assert any("Kiesewetter" in pair.source and "Kiesewetter" in pair.target for pair in pairs)


def test_neighbours_are_joined_in_order():
    pairs = [Pair(f"Das ist der lange Satz Nummer {n}.", f"This is the long sentence number {n}.") for n in range(9)]
    joined = join_neighbours(pairs, 1.0, random.Random(0))
    numbers = [[int(n) for n in re.findall(r"\d", pair.source)] for pair in joined]
    assert sum(len(run) for run in numbers) in (8, 9)
    assert all(run == list(range(run[0], run[0] + len(run))) for run in numbers)
    assert [re.findall(r"\d", pair.source) for pair in joined] == [re.findall(r"\d", pair.target) for pair in joined]
    assert join_neighbours(pairs, 0.0, random.Random(0)) == []


def test_repeated_sources_are_not_joined():
    pairs = [Pair("Das ist ein langer Satz, der bleibt.", f"Version {n} of a long sentence.") for n in range(4)]
    assert join_neighbours(pairs, 1.0, random.Random(0)) == []


def test_kickers_are_capitals_on_both_sides():
    made = make_kickers([Pair("Straße gesperrt", "Road closed"), GOOD], 5, random.Random(0))
    assert made == [Pair("STRASSE GESPERRT", "ROAD CLOSED")]


def test_quotations_carry_each_languages_punctuation():
    made = make_quotations([GOOD] * 12, 12, random.Random(0), ["Kiesewetter"])
    assert len(made) == 12
    assert any(pair.source.startswith('"Die Regierung hat den Haushalt beschlossen", ') for pair in made)
    assert all(pair.source.count('"') == pair.target.count('"') == 2 for pair in made)
    assert not [pair for pair in made if pair.source.startswith('"') and '." ' in pair.target]


def test_shared_names_are_names():
    pairs = [
        Pair("Gestern kam Obama nach Berlin.", "Obama came to Berlin yesterday."),
        Pair("Die Warnung", "The warning"),
    ]
    assert shared_names(pairs) == ["Berlin", "Obama"]


def test_packed_pairs_come_back(tmp_path):
    packed = pack([[5, 6], [7]], [[8], [9, 10, 11]])
    packed = PackedPairs(
        packed.sources, packed.targets, packed.source_lengths, packed.target_lengths, np.arange(4, dtype=np.uint8)
    )
    write_packed(tmp_path / "toy.npz", packed)
    read = read_packed(tmp_path / "toy.npz")
    assert [read.source(n).tolist() for n in range(2)] == [[5, 6], [7]]
    assert [read.target(n).tolist() for n in range(2)] == [[8], [9, 10, 11]]
    assert [read.links_of(n).tolist() for n in range(2)] == [[0], [1, 2, 3]]
    assert [path.name for path in tmp_path.iterdir()] == ["toy.npz"]


def test_packing_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="70000"):
        pack([[70000]], [[1]])
    with pytest.raises(ValueError, match="do not pair up"):
        pack([[1]], [])
