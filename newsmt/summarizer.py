"""German articles in, English summaries out: translated first or last, written by a model or taken from the article."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from newsmt.backends import Backend
from newsmt.document import LineBreaks, parse
from newsmt.errors import HubError, UsageError
from newsmt.options import DecodingOptions
from newsmt.summarization.abstractive import Draft, SummaryWriter, letters
from newsmt.summarization.article import (
    ArticleSentence,
    Fitness,
    sentences_of_blocks,
    sentences_of_translation,
)
from newsmt.summarization.extractive import Ranking
from newsmt.summarization.faithfulness import Evidence
from newsmt.summarization.language import is_written_in
from newsmt.summarization.summary import (
    Method,
    Order,
    Summary,
    SummaryFault,
    SummarySentence,
    SummaryWarning,
)
from newsmt.translation import System, Translation
from newsmt.translator import Translator, load_translator

if TYPE_CHECKING:
    from newsmt.checkpoint import Checkpoint

__all__ = [
    "EXTRACTIVE",
    "Summarizer",
    "check_model",
    "check_sentences",
    "load_summarizer",
    "resolve_summarizer",
    "summarize",
]

logger = logging.getLogger("newsmt")

EXTRACTIVE = "extractive"
# Blocks that an article may have beside its few sentences and still be short: kicker, headline, byline, caption.
_FURNITURE_BLOCKS = 4


class Summarizer:
    """Summarises German articles in English; safe to share between threads.

    translator: translates the article, or its summary.
    backend: a model that writes summaries; without one the summary is taken from the translation, sentence by sentence.
    order: "translate-first" lets the model read the translation, "summarize-first" the German article.
    prefix: what the model wants to read before the text.
    options: how the model decodes.
    system: what to record as the maker of the summaries.
    """

    def __init__(
        self,
        translator: Translator,
        backend: Backend | None = None,
        *,
        order: str = Order.TRANSLATE_FIRST,
        prefix: str = "",
        options: DecodingOptions | None = None,
        line_breaks: LineBreaks = "auto",
        system: System | None = None,
    ) -> None:
        self.translator = translator
        self.order = _order(order)
        self._line_breaks: LineBreaks = line_breaks
        if backend is None:
            if self.order is Order.SUMMARIZE_FIRST:
                raise UsageError("order='summarize-first' needs a model that reads German; extractive takes English")
            self._writer = None
            self.system = system or System(EXTRACTIVE, "newsmt")
        else:
            options = options or DecodingOptions(no_repeat_ngram_size=3, max_target_tokens=128)
            self._writer = SummaryWriter(backend, prefix=prefix, options=options)
            self.system = system or System(backend.name, backend.name)

    def summarize(self, text: str, sentences: int = 3) -> Summary:
        """Summarise one article in so many sentences; one that has no more comes back whole."""
        return next(self.summarize_documents([text], sentences))

    def summarize_documents(self, texts: Iterable[str], sentences: int = 3) -> Iterator[Summary]:
        """Summarise articles one after another, in order; their segments share batches while they are translated."""
        check_sentences(sentences)
        if self._writer and self.order is Order.SUMMARIZE_FIRST:
            for text in texts:
                yield self._summarize_source(self._writer, text, sentences)
        else:
            for translation in self.translator.translate_documents(texts):
                yield self.summarize_translation(translation, sentences)

    def summarize_translation(self, translation: Translation, sentences: int = 3) -> Summary:
        """Summarise an article that is translated already; the model reads the translation, whatever the order."""
        check_sentences(sentences)
        article = sentences_of_translation(translation)
        blocks = tuple(block.source for block in translation.blocks)
        if _is_short(article, sentences):
            draft = _whole(article)
        elif self._writer is None:
            draft = _extract(article, sentences)
        else:
            evidence = Evidence("\n".join(blocks), "\n".join(translation.paragraphs))
            draft = self._writer.write(article, evidence, sentences, "en")
        text = translation.text if draft.method is Method.WHOLE else _joined(draft.sentences)
        passed_on = tuple(SummaryWarning(kind, segment.source) for segment, kind in translation.warnings)
        return Summary(
            text=text,
            sentences=draft.sentences,
            method=draft.method,
            system=self.system,
            order=Order.TRANSLATE_FIRST,
            coverage=draft.coverage * _share(article, blocks),
            blocks=blocks,
            warnings=passed_on + draft.warnings,
            translation=translation,
        )

    def _summarize_source(self, writer: SummaryWriter, text: str, sentences: int) -> Summary:
        """The German article summarised in German, and that translated."""
        document = parse(text, line_breaks=self._line_breaks)
        article = sentences_of_blocks(document.blocks)
        if _is_short(article, sentences):
            return replace(self.summarize_translation(self.translator.translate(text), sentences), order=self.order)
        evidence = Evidence(text)
        draft = writer.write(article, evidence, sentences, "de")
        english, warnings = self._translate(draft, Ranking(article), evidence)
        blocks = tuple(block.prose for block in document.blocks)
        return Summary(
            text=_joined(english),
            sentences=english,
            method=draft.method,
            system=self.system,
            order=self.order,
            coverage=draft.coverage * _share(article, blocks),
            blocks=blocks,
            warnings=draft.warnings + warnings,
        )

    def _translate(
        self, draft: Draft, ranking: Ranking, evidence: Evidence
    ) -> tuple[tuple[SummarySentence, ...], tuple[SummaryWarning, ...]]:
        """The sentences of a German summary in English; where the translation invents, one of the article instead."""
        german = [one.text for one in draft.sentences]
        segments = self.translator.translate_segments(german)
        sentences = list(draft.sentences)
        warnings: list[SummaryWarning] = []
        for index, sentence in enumerate(draft.sentences):
            faults = _translation_faults(evidence, segments[index].text)
            if faults and sentence.method is Method.ABSTRACTIVE:
                warnings += faults
                best = ranking.choose(1, beside=german, like=sentence.text)
                sentences[index] = _extracts(ranking, best)[0]
                segments[index] = self.translator.translate_segments([sentences[index].text])[0]
        english = []
        for sentence, segment in zip(sentences, segments, strict=True):
            english.append(replace(sentence, text=segment.text, source=segment.source))
            warnings += _translation_faults(evidence, segment.text)
            warnings += [SummaryWarning(kind, segment.source) for kind in segment.warnings]
        return tuple(english), tuple(warnings)


def _order(order: str) -> Order:
    try:
        return Order(order)
    except ValueError:
        raise UsageError(f"order={order!r} is not allowed: expected {' or '.join(Order)}") from None


def check_sentences(sentences: object) -> None:
    """Raise UsageError for a number of sentences that no summary can have."""
    if not (isinstance(sentences, int) and not isinstance(sentences, bool) and sentences >= 1):
        raise UsageError(f"sentences={sentences!r} is not allowed: expected a whole number, 1 or more")


def _is_short(article: Sequence[ArticleSentence], sentences: int) -> bool:
    """Whether the article has no more to tell than the summary would, or nothing that can be told in sentences."""
    telling = [one for one in article if one.fitness is not Fitness.WORDLESS]
    body = [one for one in telling if one.is_body]
    if not telling:
        return True
    return len(body) <= sentences and len(telling) <= max(sentences, len(body) + _FURNITURE_BLOCKS if body else 0)


def _whole(article: Sequence[ArticleSentence]) -> Draft:
    sentences = [SummarySentence(one.text, (one.block,), Method.WHOLE, one.source) for one in article]
    return Draft(tuple(sentences), Method.WHOLE)


def _extract(article: Sequence[ArticleSentence], sentences: int) -> Draft:
    ranking = Ranking(article)
    return Draft(_extracts(ranking, ranking.choose(sentences)), Method.EXTRACTIVE)


def _extracts(ranking: Ranking, indices: Sequence[int]) -> tuple[SummarySentence, ...]:
    chosen = [ranking.sentences[index] for index in indices]
    return tuple(SummarySentence(one.text, (one.block,), Method.EXTRACTIVE, one.source) for one in chosen)


def _joined(sentences: Sequence[SummarySentence]) -> str:
    return " ".join(one.text for one in sentences)


def _share(article: Sequence[ArticleSentence], blocks: Sequence[str]) -> float:
    """How much of the blocks' text stands in the sentences."""
    total = sum(map(letters, blocks))
    return sum(letters(one.source) for one in article) / total if total else 1.0


def _translation_faults(evidence: Evidence, text: str) -> list[SummaryWarning]:
    """What the translation of a summary may have brought in; names change their form in it, numbers do not."""
    faults = []
    if numbers := evidence.unsupported_numbers(text):
        faults.append(SummaryWarning(SummaryFault.UNSUPPORTED_NUMBER, text, ", ".join(numbers)))
    if not is_written_in(text, "en"):
        faults.append(SummaryWarning(SummaryFault.WRONG_LANGUAGE, text))
    return faults


def load_summarizer(
    model: str | Path = "auto",
    *,
    order: str = "auto",
    translator: Translator | None = None,
    translation_model: str | Path = "auto",
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    beam_size: int | None = None,
    options: DecodingOptions | None = None,
    translation_options: DecodingOptions | None = None,
    line_breaks: LineBreaks = "auto",
    revision: str | None = None,
    local_files_only: bool = False,
) -> Summarizer:
    """Load what summarises, and what translates, into a Summarizer.

    model: "extractive"; a summarisation model of available_models(), a directory, a hub id ("owner/name"); or "auto":
        mt5-small-sum-de-en if it is on disk, else extractive with one warning. A model is never fetched unasked, as the
        known ones are for non-commercial use only.
    order: "translate-first", "summarize-first" or "auto", which is translate-first where the model takes it.
    beam_size: the summariser's, where options do not say it; None for what the model is made for.
    translator: takes the place of translation_model; the other arguments are those of load_translator() and are for
        both models, except options (the summariser's) and translation_options, and revision (the summariser's).

    Raises ModelError with what to do when a model or the backend is not there, UsageError for an order that the model
    cannot take.
    """
    checkpoint = resolve_summarizer(model, revision, local_files_only=local_files_only)
    chosen = _chosen_order(order, checkpoint)
    if checkpoint is not None:
        check_model(checkpoint, chosen)
    elif chosen is Order.SUMMARIZE_FIRST:
        raise UsageError(
            f"order={order!r} needs a model that reads German, and none is on this machine: "
            f"newsmt models fetch {_standard()}"
        )
    translator = translator or load_translator(
        translation_model,
        backend=backend,
        device=device,
        precision=precision,
        threads=threads,
        options=translation_options,
        line_breaks=line_breaks,
        local_files_only=local_files_only,
    )
    if checkpoint is None:
        return Summarizer(translator, line_breaks=line_breaks)
    from newsmt.backends import load_backend

    engine = load_backend(backend, checkpoint, device=device, precision=precision, threads=threads)
    spec = checkpoint.spec
    return Summarizer(
        translator,
        engine,
        order=chosen,
        prefix=spec.prefix,
        options=options or _options(checkpoint, beam_size),
        line_breaks=line_breaks,
        system=System(spec.name, engine.name, checkpoint.revision, checkpoint.fingerprint),
    )


def _chosen_order(order: str, checkpoint: Checkpoint | None) -> Order:
    if order != "auto":
        return _order(order)
    orders = checkpoint.spec.orders if checkpoint else ()
    return Order.TRANSLATE_FIRST if not orders or Order.TRANSLATE_FIRST in orders else Order(orders[0])


def _options(checkpoint: Checkpoint, beam_size: int | None) -> DecodingOptions:
    spec = checkpoint.spec
    return DecodingOptions(
        beam_size=spec.beam_size if beam_size is None else beam_size,
        no_repeat_ngram_size=spec.no_repeat_ngram_size,
        max_target_tokens=spec.max_target_tokens,
    )


def check_model(checkpoint: Checkpoint, order: Order) -> None:
    """Raise UsageError for a model that does not summarise, or not in that order."""
    spec = checkpoint.spec
    if spec.task != "summarization":
        raise UsageError(
            f"{spec.name} is a {spec.task} model: expected extractive, a summarisation model (newsmt models list), or "
            "auto"
        )
    # A model that says nothing of its languages is taken at the user's word.
    if spec.orders and order not in spec.orders:
        raise UsageError(f"order={order.value!r} is not for {spec.name}: expected {' or '.join(spec.orders)}")


_deciding = Lock()
_decided: dict[str, Checkpoint | None] = {}


def resolve_summarizer(
    model: str | Path, revision: str | None = None, *, local_files_only: bool = False
) -> Checkpoint | None:
    """The weights of the summariser, "auto" decided; None for extractive.

    Raises ModelError when they cannot be had.
    """
    from newsmt import registry

    if str(model) == EXTRACTIVE:
        return None
    if str(model) != "auto":
        return registry.resolve(model, revision=revision, local_files_only=local_files_only)
    with _deciding:  # once per process, so that all summaries of a run are made alike
        if "auto" not in _decided:
            _decided["auto"] = _model_on_disk()
        return _decided["auto"]


def _standard() -> str:
    from newsmt import registry

    return registry.STANDARD_MODELS["summarization"]


def _model_on_disk() -> Checkpoint | None:
    from newsmt import registry

    try:
        return registry.resolve(_standard(), local_files_only=True)
    except HubError:
        logger.warning(
            "no summarisation model on this machine, so summaries are sentences of the translation (extractive); for "
            "a model that writes its own: newsmt models fetch %s (non-commercial use only)",
            _standard(),
        )
        return None


@dataclass(frozen=True, slots=True)
class _Key:
    model: str
    translation_model: str
    backend: str
    device: str


_loaded: dict[_Key, Summarizer] = {}
_loading = Lock()


def summarize(
    text: str,
    sentences: int = 3,
    *,
    model: str | Path = "auto",
    translation_model: str | Path = "auto",
    backend: str = "auto",
    device: str = "auto",
) -> str:
    """Summarise a German article in English, in so many sentences.

    The models are loaded at the first call and kept; see load_summarizer() for the arguments and the errors, and for
    more than the text: which block each sentence comes from, how it was made, what is doubtful.
    """
    check_sentences(sentences)
    key = _Key(str(model), str(translation_model), backend, device)
    with _loading:
        if key not in _loaded:
            _loaded[key] = load_summarizer(model, translation_model=translation_model, backend=backend, device=device)
    return _loaded[key].summarize(text, sentences).text
