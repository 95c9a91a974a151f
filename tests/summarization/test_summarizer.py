"""Summaries as the user gets them: extractive, by a scripted model, in both orders, from good and from bad input."""

import json
import logging
import re

import pytest
from seed_articles import NAMES, human_translation, human_translator, reference_of, source_of

import newsmt
from newsmt import registry
from newsmt.backends import Hypothesis
from newsmt.errors import BackendContractError, UnknownModelError, UsageError
from newsmt.options import DecodingOptions
from newsmt.summarization.summary import Method, Order, SummaryFault
from newsmt.summarizer import Summarizer, load_summarizer
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translation import SegmentWarning
from newsmt.translator import Translator

ECHO = Translator(EchoBackend(), normalization="none")
FAITHFUL = (
    "The Citizens’ Union and the Social League have agreed on a 38.6 billion euro budget. "
    "The two parties hold 61 of the 120 seats. Party conferences will vote on 12 October."
)


class Writer(EchoBackend):
    """A summariser that writes what it is told, one text per attempt, and remembers what it read."""

    name = "writer"

    def __init__(self, *attempts, max_source_tokens=2000):
        super().__init__(max_source_tokens)
        self.attempts = attempts
        self.read = []
        self.options = []

    def generate(self, sources, options):
        texts = [self.attempts[min(len(self.options), len(self.attempts) - 1)]] * len(sources)
        self.read += sources
        self.options.append(options)
        self._counted(sources)
        return [one if isinstance(one, Hypothesis) else Hypothesis(one, 0.0, len(one.split())) for one in texts]


def by_model(*attempts, name="coalition-talks", sentences=3, **options):
    writer = Writer(*attempts)
    summary = Summarizer(human_translator(name), writer, **options).summarize(source_of(name), sentences)
    return writer, summary


# extractive


@pytest.mark.parametrize("name", NAMES)
def test_an_extract_has_three_sentences_each_from_its_block(name):
    translation = human_translation(name)
    summary = Summarizer(ECHO).summarize_translation(translation)
    assert summary.method is Method.EXTRACTIVE
    assert summary.coverage == 1
    assert len(summary.sentences) == 3
    assert [one.blocks for one in summary.sentences] == sorted(one.blocks for one in summary.sentences)
    for one in summary.sentences:
        assert one.source in translation.blocks[one.blocks[0]].source
        assert one.text.strip("“”") in translation.blocks[one.blocks[0]].text
    assert summary.text == " ".join(one.text for one in summary.sentences)


@pytest.mark.parametrize("sentences", [1, 2, 5, 9])
def test_as_many_sentences_as_asked_for(sentences):
    summary = Summarizer(human_translator("village-shop")).summarize(source_of("village-shop"), sentences)
    assert len(summary.sentences) == sentences


def test_articles_share_batches_and_come_in_order():
    backend = ScriptedBackend({})
    summaries = Summarizer(Translator(backend)).summarize_documents([source_of(name) for name in NAMES[:3]])
    assert [one.blocks[0] for one in summaries] == [source_of(name).splitlines()[0] for name in NAMES[:3]]
    assert len(backend.calls) == 1


def test_warnings_of_the_translation_are_passed_on_and_its_damaged_sentences_left_out():
    lost = "Der Kompromiss sieht Ausgaben von 38,6 Milliarden Euro im kommenden Jahr vor, 2,4 Prozent mehr als bisher."
    known = human_translator("coalition-talks").backend
    script = {lost: "The compromise provides for spending in the coming year."}
    backend = ScriptedBackend(lambda source: script.get(source) or known.generate([source], DecodingOptions())[0])
    summary = Summarizer(Translator(backend, normalization="none")).summarize(source_of("coalition-talks"), 8)
    assert [(one.kind, one.text) for one in summary.warnings] == [(SegmentWarning.MISSING_NUMBER, lost)]
    assert len(summary.sentences) == 8
    assert lost not in {one.source for one in summary.sentences}


# bad input


@pytest.mark.parametrize(
    "text", ["", " \n\n\t", "Ein Satz ist schon alles.", "Titel\n\nVon Anna Beispiel\n\nEin Satz ist alles."]
)
def test_a_short_text_comes_back_as_it_is(text):
    summary = Summarizer(ECHO).summarize(text)
    assert summary.text == text
    assert summary.method is Method.WHOLE
    assert summary.coverage == 1
    assert newsmt.Summary is type(summary)


def test_a_short_text_never_reaches_the_model():
    writer = Writer("An unrelated story of a tiger that escaped from its cage in Berlin.")
    for order in Order:
        summarizer = Summarizer(ECHO, writer, order=order)
        assert summarizer.summarize("Ein Satz ist schon alles.").text == "Ein Satz ist schon alles."
    assert writer.read == []


def test_a_list_of_headlines():
    headlines = [f"Rat der Stadt {town} beschließt neuen Haushalt" for town in ("Ulm", "Kiel", "Bonn", "Trier", "Jena")]
    summary = Summarizer(ECHO).summarize("\n\n".join([*headlines, "Hafen"]))
    assert len(summary.sentences) == 3
    assert {one.text for one in summary.sentences} <= set(headlines)
    assert Summarizer(ECHO).summarize("\n\n".join(headlines[:3])).method is Method.WHOLE


def test_an_english_text():
    summary = Summarizer(human_translator()).summarize(reference_of("harbour-strike"))
    assert len(summary.sentences) == 3
    assert {one.kind for one in summary.warnings} == {SegmentWarning.NOT_GERMAN}
    assert all(one.text in reference_of("harbour-strike") for one in summary.sentences)


def test_paragraphs_in_a_third_language_are_left_out():
    french = (
        "Le gouvernement a annoncé un nouveau budget pour la ville et les habitants de la région sont très contents."
    )
    text = f"{source_of('coalition-talks')}\n\n{french}\n"
    summary = Summarizer(human_translator("coalition-talks")).summarize(text, 8)
    assert french not in summary.text
    assert [one.text for one in summary.warnings] == [french]


def test_a_table_of_numbers():
    table = "\n".join(f"{n}  {n * 17}  {n / 7:.2f}" for n in range(200))
    summary = Summarizer(ECHO).summarize(table)
    assert (summary.text, summary.method) == (table, Method.WHOLE)


def test_200_000_words_are_read_to_the_end():
    filler = [
        f"Am {n % 28 + 1}. Tag prüfte die Kommission in Raum {n % 37} den Antrag Nummer {n} zum Ausbau des Hafens."
        for n in range(12_000)
    ]
    last = "Zum Schluss lehnte der Rat den Ausbau des Hafens und alle Anträge der Kommission ab, und der Hafen bleibt."
    text = "\n\n".join(["Streit um den Hafen", *(" ".join(filler[n : n + 6]) for n in range(0, 12_000, 6)), last])
    assert len(text.split()) > 190_000
    summary = Summarizer(ECHO).summarize(text)
    assert len(summary.sentences) == 3
    assert summary.coverage == 1


def test_50_pages_are_covered_to_the_end_by_a_model():
    filler = [
        f"Am {n % 28 + 1}. Tag prüfte die Kommission in Raum {n % 37} den Ausbau des Hafens." for n in range(1200)
    ]
    last = "Zum Schluss lehnte der Rat den Ausbau des Hafens und alle Anträge der Kommission ab."
    writer = Writer("The commission examined the expansion of the harbour.", max_source_tokens=800)
    translator = Translator(ScriptedBackend(lambda source: f"On that day, {source} was said of the expansion."))
    summary = Summarizer(translator, writer).summarize(" ".join(filler) + "\n\n" + last)
    assert summary.coverage == 1
    assert all(any(one in read for read in writer.read) for one in filler)
    assert any("Zum Schluss lehnte der Rat" in read for read in writer.read)
    assert len(summary.sentences) == 3


@pytest.mark.parametrize("sentences", [0, -1, 1.5, "3", None, True])
def test_a_number_of_sentences_that_no_summary_has(sentences):
    with pytest.raises(UsageError, match="whole number, 1 or more"):
        Summarizer(ECHO).summarize("Ein Satz.", sentences)
    with pytest.raises(UsageError):
        newsmt.summarize("Ein Satz.", sentences)


# by a model


def test_a_faithful_summary_is_let_through():
    writer, summary = by_model(FAITHFUL, prefix="summarize: ")
    assert summary.text == FAITHFUL
    assert summary.warnings == ()
    assert (summary.method, summary.coverage, summary.model) == (Method.ABSTRACTIVE, 1, "writer")
    assert [one.blocks[0] for one in summary.sentences] == [3, 7, 9]
    assert len(writer.read) == 1
    assert writer.read[0].startswith("summarize: Citizens’ Union and Social League agree on budget for Mittelland. ")
    assert "the first woman to lead the state" in writer.read[0]


PLANTED = {
    "The two parties hold 62 of the 120 seats.": SummaryFault.UNSUPPORTED_NUMBER,
    "The two parties hold seven of the 120 seats.": SummaryFault.UNSUPPORTED_NUMBER,
    "The two parties hold 61 million of the 120 seats.": SummaryFault.UNSUPPORTED_NUMBER,
    "The two parties will vote on 13 October.": SummaryFault.UNSUPPORTED_DATE,
    "The two parties will vote in Hamburg.": SummaryFault.UNSUPPORTED_NAME,
    "Scholz announced the agreement of the two parties.": SummaryFault.UNSUPPORTED_NAME,
    "The agreement was announced by Jörg Brandmüller.": SummaryFault.UNSUPPORTED_NAME,
    "The budget the budget the budget the budget of the parties.": SummaryFault.REPETITION,
    "<extra_id_0> of the two parties.": SummaryFault.PLACEHOLDER,
    "Die beiden Parteien haben sich auf einen Haushalt geeinigt.": SummaryFault.WRONG_LANGUAGE,
    "A tiger escaped from its cage and frightened shoppers for hours.": SummaryFault.UNRELATED,
}


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("invention", PLANTED)
def test_a_planted_invention_is_always_caught(invention, place):
    planted = re.findall(r"[^ ].*?\.(?= |$)", FAITHFUL)
    planted[place] = invention
    writer, summary = by_model(" ".join(planted))
    assert invention not in summary.text
    assert PLANTED[invention] in {one.kind for one in summary.warnings}
    assert {one.text for one in summary.warnings} == {invention}
    assert [one.method for one in summary.sentences].count(Method.EXTRACTIVE) == 1
    assert summary.sentences[place].method is Method.EXTRACTIVE
    assert summary.sentences[place].source in source_of("coalition-talks")
    assert len(summary.sentences) == 3
    assert len(writer.options) == 2  # decoded again before it was replaced
    assert writer.options[0] != writer.options[1]


@pytest.mark.parametrize("name", NAMES)
def test_inventions_are_caught_in_every_kind_of_article(name):
    inventions = "Olaf Mustermann announced it in Kuala Lumpur. It cost 987 million euros. It will end on 31 February."
    _, summary = by_model(inventions, name=name)
    assert summary.method is Method.EXTRACTIVE
    assert len(summary.sentences) == 3
    assert not re.search(r"Mustermann|Kuala|987|31 February", summary.text)


def test_a_second_attempt_without_faults_is_taken():
    _, summary = by_model("The two parties met in Hamburg to agree on the budget.", FAITHFUL)
    assert summary.text == FAITHFUL
    assert summary.warnings == ()


def test_a_model_that_writes_nothing():
    _, summary = by_model("")
    assert summary.method is Method.EXTRACTIVE
    assert len(summary.sentences) == 3
    assert {one.kind for one in summary.warnings} == {SummaryFault.EMPTY}


def test_what_is_cut_off_is_left_out():
    cut = Hypothesis(
        "The two parties hold 61 of the 120 seats. The Social League had called for", 0.0, 20, finished=False
    )
    _, summary = by_model(cut)
    assert "had called for" not in summary.text.replace("had called for parental", "")
    assert summary.warnings == ()
    only = Hypothesis("The two parties hold 61 of the 120", 0.0, 9, finished=False)
    _, summary = by_model(only)
    assert {one.kind for one in summary.warnings} == {SummaryFault.CUT}
    assert only.text not in [one.text for one in summary.sentences]


def test_more_sentences_than_asked_for_are_left_out_and_missing_ones_added():
    _, summary = by_model(FAITHFUL, sentences=1)
    assert summary.text == FAITHFUL[: len(summary.text)]
    assert len(summary.sentences) == 1
    _, summary = by_model(FAITHFUL, sentences=5)
    assert [one.method for one in summary.sentences].count(Method.EXTRACTIVE) == 2
    assert summary.method is Method.ABSTRACTIVE


def test_a_backend_that_breaks_its_contract():
    class Short(Writer):
        def generate(self, sources, options):
            return []

    with pytest.raises(BackendContractError, match="0 summaries for 1 chunk"):
        Summarizer(human_translator("coalition-talks"), Short("")).summarize(source_of("coalition-talks"))


# long articles


class FirstSentences(EchoBackend):
    """Summarises by the first two sentences after the headline."""

    name = "first-sentences"

    def __init__(self, headline, max_source_tokens):
        super().__init__(max_source_tokens)
        self.headline = headline
        self.calls = []

    def generate(self, sources, options):
        self.calls.append(list(sources))
        return super().generate(sources, options)

    def _answer(self, source):
        return " ".join(newsmt.split_sentences(source.removeprefix(self.headline))[:2])


def test_an_article_longer_than_the_model_is_read_to_the_end():
    rooms = "north south east west upper lower inner outer front back old new".split()
    blocks = [
        " ".join(f"The {room} hall of building {n} was cleared by the fire brigade before the storm." for room in rooms)
        for n in range(30)
    ]
    text = "\n\n".join(["Storm clears the halls of the fair", *blocks])
    backend = FirstSentences("Storm clears the halls of the fair. ", 220)
    summary = Summarizer(ECHO, backend).summarize(text)
    first, *later = backend.calls
    assert len(first) > 20
    for block in blocks:
        assert any(block in one for one in first)
    assert all(one.startswith("Storm clears the halls of the fair. ") for call in backend.calls for one in call)
    assert max(max(backend.count_tokens(call)) for call in backend.calls) <= 220
    assert len(later) >= 2  # the summaries are summarised again, and again
    assert len(later[-1]) == 1
    assert len(summary.sentences) == 3
    assert summary.coverage == 1
    assert all(one.text in text.split("\n\n")[one.blocks[0]] for one in summary.sentences)


def test_a_model_that_never_gets_shorter_ends():
    class Echo(FirstSentences):
        def _answer(self, source):
            return source.removeprefix(self.headline)

    blocks = [
        f"Hall {n} was cleared by the fire brigade before the storm came. It is safe in building {n}."
        for n in range(80)
    ]
    summary = Summarizer(ECHO, Echo("", 120)).summarize("\n\n".join(blocks))
    assert len(summary.sentences) == 3


# the other order


def test_summarize_first_translates_only_the_summary():
    german = (
        "Bürgerunion und Sozialer Bund haben sich auf einen Haushalt von 38,6 Milliarden Euro geeinigt. "
        "Die Parteien haben 61 von 120 Sitzen. Am 12. Oktober stimmen Parteitage ab."
    )
    parts = newsmt.split_sentences(german)
    translator = Translator(
        ScriptedBackend(dict(zip(parts, newsmt.split_sentences(FAITHFUL), strict=True))), normalization="none"
    )
    writer = Writer(german)
    summary = Summarizer(translator, writer, order="summarize-first").summarize(source_of("coalition-talks"))
    assert summary.text == FAITHFUL
    assert summary.order is Order.SUMMARIZE_FIRST
    assert [one.source for one in summary.sentences] == parts
    assert [one.blocks[0] for one in summary.sentences] == [3, 7, 9]
    assert translator.backend.calls == [parts]
    assert summary.coverage == 1
    assert summary.translation is None


def test_summarize_first_catches_what_model_or_translation_invent():
    german = (
        "Angela Merkel hat sich auf einen Haushalt geeinigt. Die Parteien haben 61 von 120 Sitzen. "
        "Am 12. Oktober stimmen Parteitage über den Koalitionsvertrag ab."
    )
    script = human_translator("coalition-talks").backend._script | {
        "Die Parteien haben 61 von 120 Sitzen.": "The parties hold 610 of the 120 seats.",
        "Am 12. Oktober stimmen Parteitage über den Koalitionsvertrag ab.": "Party conferences vote on 12 October.",
    }
    translator = Translator(ScriptedBackend(script), normalization="none")
    summary = Summarizer(translator, Writer(german), order="summarize-first").summarize(source_of("coalition-talks"))
    assert not re.search(r"Merkel|610", summary.text)
    assert [one.method for one in summary.sentences] == [Method.EXTRACTIVE, Method.EXTRACTIVE, Method.ABSTRACTIVE]
    assert {one.kind for one in summary.warnings} >= {SummaryFault.UNSUPPORTED_NAME, SummaryFault.UNSUPPORTED_NUMBER}
    assert all(one.source in source_of("coalition-talks") for one in summary.sentences[:2])


def test_an_order_that_cannot_be():
    with pytest.raises(UsageError, match="translate-first or summarize-first"):
        Summarizer(ECHO, Writer(""), order="both")
    with pytest.raises(UsageError, match="reads German"):
        Summarizer(ECHO, order="summarize-first")


# loading


@pytest.mark.parametrize("order", Order)
def test_both_backends_write_the_same_and_random_weights_do_no_harm(tiny_mt5, order):
    summaries = {}
    for backend in ("ctranslate2", "torch"):
        summarizer = load_summarizer(
            tiny_mt5,
            translator=human_translator("night-train-brief"),
            backend=backend,
            order=order,
            precision="float32",
            options=DecodingOptions(beam_size=2, max_target_tokens=24),
        )
        summaries[backend] = summarizer.summarize(source_of("night-train-brief"))
        assert summarizer.system.fingerprint
    one, other = summaries.values()
    assert one.warnings == other.warnings  # every rejected sentence, word for word
    assert one.sentences == other.sentences
    assert {sentence.method for sentence in one.sentences} == {Method.EXTRACTIVE}
    assert len(one.sentences) == 3
    assert one.warnings


def test_auto_without_weights_says_once_that_it_is_extractive(caplog, monkeypatch):
    monkeypatch.setattr("newsmt.summarizer._decided", {})
    caplog.set_level(logging.WARNING, logger="newsmt")
    first = load_summarizer(translator=ECHO)
    second = load_summarizer(translator=ECHO)
    assert first.system.model == second.system.model == "extractive"
    assert ["extractive" in record.message for record in caplog.records] == [True]
    assert "newsmt models fetch mt5-small-sum-de-en (non-commercial use only)" in caplog.records[0].message


def test_extractive_asked_for_says_nothing(caplog):
    caplog.set_level(logging.WARNING, logger="newsmt")
    assert load_summarizer("extractive", translator=ECHO).system.model == "extractive"
    assert caplog.records == []


def test_what_cannot_be_loaded(tiny_marian, tiny_mt5):
    with pytest.raises(UsageError, match="translation model"):
        load_summarizer(tiny_marian, translator=ECHO)
    with pytest.raises(UnknownModelError, match="mt5-xlsum"):
        load_summarizer("mt5-xlsumm", translator=ECHO)
    with pytest.raises(UsageError, match="reads German"):
        load_summarizer("extractive", translator=ECHO, order="summarize-first")
    with pytest.raises(UsageError, match="precision='float16'"):
        load_summarizer(tiny_mt5, translator=ECHO, precision="float16")


def test_the_order_must_be_one_that_the_model_takes(tiny_mt5, tmp_path):
    for path in tiny_mt5.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "newsmt.json").write_text(json.dumps({"orders": ["summarize-first"], "prefix": "kurz: "}))
    with pytest.raises(UsageError, match="expected summarize-first"):
        load_summarizer(tmp_path, translator=ECHO, order="translate-first")
    assert load_summarizer(tmp_path, translator=ECHO).order is Order.SUMMARIZE_FIRST


def test_the_known_models_name_their_orders_and_limits():
    specs = {one.name: one for one in registry.available_models() if one.task == "summarization"}
    assert specs["mt5-small-sum-de-en"].orders == ("translate-first", "summarize-first")
    assert specs["mt5-xlsum"].orders == ("translate-first",)
    assert all(set(one.orders) <= set(Order) for one in specs.values())
    assert all(one.non_commercial for one in specs.values())


def test_decoding_options_reach_the_model():
    options = DecodingOptions(beam_size=2, max_target_tokens=50)
    writer, _ = by_model(FAITHFUL, options=options)
    assert writer.options == [options]


def test_json_has_what_is_needed_to_trace_each_sentence():
    _, summary = by_model(FAITHFUL.replace("61 of", "62 of"))
    data = json.loads(json.dumps(summary.to_dict()))
    assert data["method"] == "abstractive"
    assert data["coverage"] == 1
    assert data["translation_model"] == "scripted"
    assert data["warnings"][0]["kind"] == "unsupported_number"
    assert data["warnings"][0]["detail"] == "62"
    sources = {block["index"]: block["source"] for block in data["blocks"]}
    for one in data["sentences"]:
        assert one["blocks"]
        assert all(sources[index] for index in one["blocks"])
        assert one["source"] is None or one["source"] in sources[one["blocks"][0]]
