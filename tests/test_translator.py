"""The flow from text to translation: nothing lost, nothing truncated, what is doubtful is marked."""

import re
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import newsmt
from newsmt.backends import Hypothesis
from newsmt.errors import BackendContractError, UsageError
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translation import SegmentWarning
from newsmt.translator import Translator

ARTICLE = """\
KRIEG IN DER UKRAINE
Streit um Hafen

Von Anna Beispiel und Max Muster

BERLIN (xyz) - Der Minister sagte: „Das ist gut. Wir machen weiter.“ Er nannte 2.000 Fälle.

- Erster Punkt
- Zweiter Punkt

https://beispiel.de/artikel

Foto: xyz/Muster
"""
PIECES = [
    *[
        "\n",
        "\r\n",
        "\n\n",
        " ",
        "\t",
        "- ",
        "1. ",
        "2. ",
        "> ",
        "„",
        "“",
        "…",
        "\x00",
        "🙂",
        "</s>",
        "<b>",
        "Von Anna Eva",
    ],
    *[
        "BERLIN (dpa) - ",
        "Das ist ein Satz. ",
        "KRIEG IM HAFEN",
        "1\u00a0000",
        "https://a.de",
        "Wort ",
        "Foto: dpa",
        "\u00ad",
    ],
]
ANY_TEXT = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))


@given(ANY_TEXT, st.sampled_from(["auto", "join", "keep"]), st.sampled_from(["none", "ascii", "opus-mt"]))
def test_an_echo_gives_back_every_text(text, line_breaks, normalization):
    translator = Translator(EchoBackend(), line_breaks=line_breaks, normalization=normalization)
    translation = translator.translate(text)
    assert translation.text == text


@given(ANY_TEXT)
def test_every_block_and_segment_has_its_translation(text):
    translation = Translator(ScriptedBackend(lambda source: f"x{source[1:]}y")).translate(text)
    assert all(block.text.strip() for block in translation.blocks)
    assert [block.source for block in translation.blocks] == [block.source for block in echo(text).blocks]


def echo(text):
    return Translator(EchoBackend()).translate(text)


def shout(source):
    return Hypothesis(source.upper().replace(" 2.000 ", " 2,000 "), -0.5, 3)


def test_layout_quotation_marks_and_formulas():
    translation = Translator(ScriptedBackend(shout)).translate(ARTICLE)
    assert translation.text == (
        "KRIEG IN DER UKRAINE\n"
        "STREIT UM HAFEN\n\n"
        "By Anna Beispiel and Max Muster\n\n"
        "BERLIN (xyz) - DER MINISTER SAGTE: “DAS IST GUT. WIR MACHEN WEITER.” ER NANNTE 2,000 FÄLLE.\n\n"
        "- ERSTER PUNKT\n"
        "- ZWEITER PUNKT\n\n"
        "https://beispiel.de/artikel\n\n"
        "Photo: xyz/Muster\n"
    )
    assert not translation.warnings
    assert translation.paragraphs[0] == "KRIEG IN DER UKRAINE"
    assert translation.segments[0].score == -0.5


def test_the_model_sees_neither_capitals_nor_typographic_marks_nor_pictures():
    backend = ScriptedBackend(shout)
    Translator(backend).translate("KRIEG IN DER UKRAINE\n\n🙂 Er sagte „Ja“ 🙂 und ging…\n")
    assert backend.calls == [["Krieg in der Ukraine", 'Er sagte "Ja" und ging...']]


def test_pictures_and_tags_stay():
    translation = Translator(ScriptedBackend(shout)).translate("<p>🙂 Er sagte 🎉 ja.</p>")
    assert translation.text == "<p>🙂 ER SAGTE JA. 🎉</p>"


@pytest.mark.parametrize(
    "text", ["", "   ", "\n" * 10_000, "\t\r\n", "2.000", "3:1 (2:0)", "https://beispiel.de", "مرحبا", "— * —"]
)
def test_what_has_no_words_never_reaches_a_model(text):
    backend = ScriptedBackend(shout)
    assert Translator(backend).translate(text).text == text
    assert backend.calls == []


def test_foreign_paragraphs_are_passed_on():
    english = "The chancellor travels to Paris today and meets the president."
    french = "Le président est arrivé ce matin avec sa délégation pour une visite."
    translation = Translator(ScriptedBackend(shout)).translate(f"Das ist ein Satz.\n\n{english}\n\n{french}\n")
    assert translation.text == f"DAS IST EIN SATZ.\n\n{english}\n\n{french}\n"
    assert [warning for _, warning in translation.warnings] == [SegmentWarning.NOT_GERMAN] * 2


def test_a_long_paragraph_is_split_and_nothing_is_lost():
    words = " ".join(f"und wort{index}" for index in range(2500))
    backend = ScriptedBackend(shout, max_source_tokens=50)
    translation = Translator(backend).translate(words)
    assert translation.text == words.upper()
    assert all(len(source.split()) <= 50 for call in backend.calls for source in call)


def test_a_megabyte_without_punctuation():
    words = "Das Wort " * 110_000
    translation = Translator(ScriptedBackend(shout)).translate(words)
    assert translation.text.split() == words.upper().split()


def test_hard_wrapped_text_is_joined_and_wrapped_again():
    text = (
        "Der Stadtrat hat am Dienstagabend beschlossen, die alte Brücke zu\n"
        "sanieren und dafür rund zwei Millionen Euro auszugeben, wie ein\n"
        "Sprecher der Verwaltung am Abend mitteilte.\n"
    )
    backend = ScriptedBackend(shout)
    translation = Translator(backend).translate(text)
    assert len(backend.calls[0]) == 1
    assert translation.text == text.upper()
    assert translation.blocks[0].text == " ".join(text.upper().split())


def test_documents_share_batches_and_texts_are_decoded_once():
    backend = ScriptedBackend(shout)
    translations = list(Translator(backend).translate_documents(["Erster Satz.", "Erster Satz. Zweiter Satz.", ""]))
    assert backend.calls == [["Erster Satz.", "Zweiter Satz."]]
    assert [translation.text for translation in translations] == ["ERSTER SATZ.", "ERSTER SATZ. ZWEITER SATZ.", ""]


def test_documents_may_be_endless():
    def endless():
        while True:
            yield "Das ist ein Satz. " * 1000

    translations = Translator(ScriptedBackend(shout)).translate_documents(endless())
    assert next(translations).text.startswith("DAS IST EIN SATZ. DAS")


def test_lines_of_a_test_set_stay_lines():
    lines = ["Ein Satz. Noch ein „Satz“.", "", "Der Preis: 2.000 Euro", "12"]
    segments = Translator(ScriptedBackend(shout)).translate_segments(lines)
    assert [segment.text for segment in segments] == ["EIN SATZ. NOCH EIN “SATZ”.", "", "DER PREIS: 2,000 EURO", "12"]
    assert [segment.source for segment in segments] == lines
    assert segments[0].hypothesis == 'EIN SATZ. NOCH EIN "SATZ".'
    assert segments[0].score == -0.5
    assert segments[3].score is None


LONG = "Der Mann geht heute mit seinem Hund in den Park, weil die Sonne scheint und er Zeit hat."


def test_a_repeating_hypothesis_is_decoded_again_in_pieces():
    backend = ScriptedBackend(lambda source: "no no no no no" if source == LONG else shout(source))
    translation = Translator(backend).translate(LONG)
    assert translation.text == LONG.upper()
    assert not translation.warnings
    assert len(backend.calls) == 2


def test_a_hypothesis_that_stays_cut_carries_a_warning():
    backend = ScriptedBackend(lambda source: Hypothesis("THE", -1.0, 1, finished=False))
    translation = Translator(backend).translate("Der Hund.")
    assert translation.text == "THE"
    assert [warning for _, warning in translation.warnings] == [SegmentWarning.CUT]


def test_an_empty_hypothesis_leaves_the_german_text():
    translation = Translator(ScriptedBackend({"Der Hund.": ""})).translate("Der Hund. Die Katze.")
    assert translation.text == "Der Hund. Die Katze."
    assert translation.warnings[0][1] is SegmentWarning.EMPTY


def test_a_missing_number_is_marked():
    translation = Translator(ScriptedBackend({"Er sah 2.000 Hunde.": "He saw 20,000 dogs."})).translate(
        "Er sah 2.000 Hunde."
    )
    assert [warning for _, warning in translation.warnings] == [SegmentWarning.MISSING_NUMBER]


class Searching(ScriptedBackend):
    """Has more than one hypothesis to offer."""

    def __init__(self, script, alternatives):
        super().__init__(script)
        self.alternatives = alternatives
        self.searched = []

    def generate_nbest(self, sources, options, count):
        self.searched.append((list(sources), options.beam_size, count))
        return [[Hypothesis(text, -index, 5) for index, text in enumerate(self.alternatives)] for _ in sources]


def test_a_hypothesis_that_lost_a_number_gives_way_to_the_best_that_has_it():
    script = {"Er sah 2.000 Hunde.": "He saw 20,000 dogs.", "Sie sah 3 Katzen.": "She saw three cats."}
    alternatives = ["He saw dogs.", "He saw 2.000 2.000 2.000 2.000 2.000 dogs.", "He saw 2.000 dogs.", "2,000 dogs."]
    backend = Searching(script, alternatives)
    translation = Translator(backend).translate("Er sah 2.000 Hunde. Sie sah 3 Katzen.")
    assert translation.text == "He saw 2,000 dogs. She saw three cats."
    assert translation.warnings == ()
    assert backend.searched == [(["Er sah 2.000 Hunde."], 8, 8)]


def test_where_no_hypothesis_has_the_number_the_first_stays_and_is_marked():
    backend = Searching({"Er sah 2.000 Hunde.": "He saw 20,000 dogs."}, ["He saw dogs.", "Dogs."])
    translation = Translator(backend).translate("Er sah 2.000 Hunde.")
    assert translation.text == "He saw 20,000 dogs."
    assert [warning for _, warning in translation.warnings] == [SegmentWarning.MISSING_NUMBER]


def test_a_search_that_loses_sources_is_an_error():
    class Lossy(Searching):
        def generate_nbest(self, sources, options, count):
            return super().generate_nbest(sources, options, count)[1:]

    with pytest.raises(BackendContractError, match="scripted gave 0 hypotheses for 1 sources"):
        Translator(Lossy({"Er sah 2.000 Hunde.": "He saw dogs."}, [])).translate("Er sah 2.000 Hunde.")


def test_a_model_that_loses_most_numbers_is_not_searched_again():
    backend = Searching(lambda source: "He saw dogs.", ["He saw 1 dog."])
    words = "Er sah Hunde. " * 100
    Translator(backend).translate(words + "\n".join(f"Er sah {index} Hunde." for index in range(20, 100)))
    assert backend.searched == []


def test_a_broken_model_is_said_once_and_not_asked_again(caplog):
    backend = ScriptedBackend(lambda source: "x x x x x x")
    lines = [f"Das ist Satz Nummer {index} von vielen." for index in range(100)]
    Translator(backend).translate("\n".join(lines))
    assert len(backend.calls) == 1
    assert "100 of 100 segments" in caplog.text


def test_a_backend_that_loses_hypotheses_is_an_error():
    class Lossy(EchoBackend):
        def generate(self, sources, options):
            return super().generate(sources, options)[1:]

    with pytest.raises(BackendContractError, match="echo gave 1 hypotheses for 2 sources"):
        Translator(Lossy()).translate("Ein Satz. Zwei Sätze.")


def test_threads_share_a_translator():
    translator = Translator(ScriptedBackend(shout))
    results = {}

    def work(number):
        results[number] = translator.translate(ARTICLE.replace("2.000", f"{number}")).text

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(re.search(rf"ER NANNTE {number} FÄLLE", text) for number, text in results.items())
    assert len(results) == 8


def test_json_has_everything():
    data = replace(Translator(ScriptedBackend(shout)).translate(ARTICLE)).to_dict()
    assert data["model"] == "scripted"
    assert data["blocks"][3]["segments"][1] == {
        "source": "Der Minister sagte: „Das ist gut.",
        "hypothesis": 'DER MINISTER SAGTE: "DAS IST GUT.',
        "text": "DER MINISTER SAGTE: “DAS IST GUT.",
        "score": -0.5,
        "warnings": [],
    }


def test_bad_arguments():
    with pytest.raises(UsageError, match="none, ascii, opus-mt"):
        Translator(EchoBackend(), normalization="moses")
    with pytest.raises(UsageError, match="beam_size=0"):
        newsmt.DecodingOptions(beam_size=0)


def test_progress_is_told_and_changes_nothing():
    text = "\n".join(f"Das ist Satz {index} von vielen." for index in range(1200))
    steps = []
    translator = Translator(ScriptedBackend(shout))
    translation = translator.translate(text, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 1200), (512, 1200), (1024, 1200), (1200, 1200)]
    assert translation == translator.translate(text)


def test_a_word_longer_than_the_model_comes_back_in_one_piece():
    word = "Donaudampfschifffahrt" * 40

    class Letters(EchoBackend):
        def count_tokens(self, sources):
            return [len(source) for source in sources]

    text = f"Das Wort {word} ist lang."
    assert Translator(Letters(max_source_tokens=50)).translate(text).text == text


def test_a_space_forgotten_between_sentences_is_there_in_english():
    translation = Translator(ScriptedBackend(shout)).translate("Die Straße ist gesperrt.Die Umleitung ist lang.")
    assert translation.text == "DIE STRASSE IST GESPERRT. DIE UMLEITUNG IST LANG."
