"""Sentences of an article: which can stand alone, where they stand, and that none is lost."""

import re

import pytest
from seed_articles import NAMES, human_translation, source_of

from newsmt.document import parse
from newsmt.summarization.article import (
    Fitness,
    headline_of,
    sentences_of_blocks,
    sentences_of_translation,
)
from newsmt.summarization.english import split_english
from newsmt.summarization.language import is_written_in
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translator import Translator


def sentences(text, script=None):
    backend = ScriptedBackend(script) if script else EchoBackend()
    return sentences_of_translation(Translator(backend, normalization="none").translate(text))


def words(texts):
    return re.findall(r"\w+", " ".join(texts))


@pytest.mark.parametrize("name", NAMES)
def test_every_sentence_is_there_with_its_block(name):
    translation = human_translation(name)
    article = sentences_of_translation(translation)
    for index, block in enumerate(translation.blocks):
        assert words(one.source for one in article if one.block == index) == words([block.source])
    blocks = parse(source_of(name)).blocks
    german = sentences_of_blocks(blocks)
    assert words(one.source for one in german) == words(one.prose for one in blocks)


def test_a_quotation_over_several_sentences_is_closed_in_each():
    article = sentences_of_translation(human_translation("coalition-talks"))
    quoted = [one for one in article if one.source.startswith(("„Das Land kann", "Jetzt wissen die"))]
    assert [one.text for one in quoted] == [
        "“The state cannot afford a standstill.”",
        "“Now local authorities know what they can count on.”",
    ]
    assert {one.fitness for one in quoted} == {Fitness.DEPENDENT}


def test_what_cannot_stand_alone_is_known():
    article = sentences_of_translation(human_translation("bridge-interview"))
    fitness = {one.source: one.fitness for one in article}
    assert fitness["Aber Angst habe ich nicht."] is Fitness.DEPENDENT  # whose fear?
    assert fitness["Klingt das nicht alarmierend?"] is Fitness.DEPENDENT
    assert fitness["INTERVIEW"] is Fitness.FURNITURE
    assert fitness["Die Bauingenieurin Renate Okonski prüft seit 25 Jahren Brücken."] is Fitness.SELF_CONTAINED


def test_digits_and_addresses_are_never_told():
    article = sentences("Am Montag beginnt das Turnier im neuen Stadion der Stadt.\n\n3:2 (1:2)\n\n17.400  12,5  7")
    assert [one.fitness for one in article] == [Fitness.SELF_CONTAINED, Fitness.WORDLESS, Fitness.WORDLESS]


def test_a_damaged_translation_is_a_last_resort():
    loop = "again and again and again and again and again and again and again"
    article = sentences("Der Rat hat am Montag den neuen Haushalt der Stadt beschlossen.", lambda _: loop)
    assert article[0].fitness is Fitness.FURNITURE


def test_the_place_before_an_agency_report_is_left_out():
    article = sentences_of_translation(human_translation("harbour-strike"))
    place, first = (one for one in article if one.block == 1 and one.source[:2] in ("WE", "Im"))
    assert place.fitness is Fitness.FURNITURE
    assert first.text.startswith("The cranes at the container port")
    english = sentences("COURTTOWN – The trial of the dealer began on Monday with the reading of the charges.")
    assert english[0].text.startswith("The trial")
    dateline, sentence = sentences("BERLIN (xyz) - Die Betreiber von Nachtzügen verlangen mehr Planungssicherheit.")
    assert (dateline.source, dateline.fitness) == ("BERLIN (xyz)", Fitness.FURNITURE)
    assert sentence.fitness is Fitness.SELF_CONTAINED


def test_the_headline_is_the_longest_one_above_the_article():
    article = sentences_of_translation(human_translation("coalition-talks"))
    assert headline_of(article) == "Citizens’ Union and Social League agree on budget for Mittelland"
    assert headline_of(sentences("Der Rat hat am Montag den neuen Haushalt der Stadt beschlossen.")) == ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mr. Brown left. Dr. Ines Rademacher stayed.", ["Mr. Brown left.", "Dr. Ines Rademacher stayed."]),
        ("It began at 3 p.m. The hall was full.", ["It began at 3 p.m.", "The hall was full."]),
        ("The U.S. President spoke at 3 p.m. on Monday.", ["The U.S. President spoke at 3 p.m. on Monday."]),
        ("Each at 7.30 p.m. Tickets are 5 euros.", ["Each at 7.30 p.m.", "Tickets are 5 euros."]),
        (
            "Gondola no. 17 swung. He said no. The rest waited.",
            ["Gondola no. 17 swung.", "He said no.", "The rest waited."],
        ),
        ("“We won.” They celebrated!", ["“We won.”", "They celebrated!"]),
        ("", []),
    ],
)
def test_english_sentences(text, expected):
    assert split_english(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The government has agreed on a new budget for the coming year.", "en"),
        ("Die Regierung hat sich auf einen neuen Haushalt geeinigt.", "de"),
        ("War in Ukraine: the war in numbers, war by war.", "en"),
    ],
)
def test_the_language_of_a_sentence(text, language):
    assert is_written_in(text, language)
    assert not is_written_in(text, {"de": "en", "en": "de"}[language])


@pytest.mark.parametrize(
    "text",
    [
        "Le gouvernement a annoncé un nouveau budget pour la ville.",
        "Правительство приняло новый бюджет на следующий год",
    ],
)
def test_another_language_is_neither(text):
    assert not is_written_in(text, "en")
    assert not is_written_in(text, "de")
