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
from newsmt.summarization.abstractive import Draft, SummaryWriter
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

__all__ = ["EXTRACTIVE", "Summarizer", "load_summarizer", "summarize"]

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
        _check_count(sentences)
        if self._writer and self.order is Order.SUMMARIZE_FIRST:
            for text in texts:
                yield self._summarize_source(self._writer, text, sentences)
        else:
            for translation in self.translator.translate_documents(texts):
                yield self.summarize_translation(translation, sentences)

    def summarize_translation(self, translation: Translation, sentences: int = 3) -> Summary:
        """Summarise an article that is translated already; the model reads the translation, whatever the order."""
        _check_count(sentences)
        article = sentences_of_translation(translation)
        warnings = [SummaryWarning(kind, segment.source) for segment, kind in translation.warnings]
        if _is_short(article, sentences):
            draft = Draft(_whole(article), (), 1.0)
            return self._summary(draft, Order.TRANSLATE_FIRST, warnings, translation, text=translation.text)
        if self._writer is None:
            return self._summary(_extract(article, sentences), Order.TRANSLATE_FIRST, warnings, translation)
        source = "\n".join(block.source for block in translation.blocks)
        evidence = Evidence(source, "\n".join(translation.paragraphs))
        draft = self._writer.write(article, evidence, sentences, "en")
        return self._summary(draft, Order.TRANSLATE_FIRST, warnings, translation)

    def _summarize_source(self, writer: SummaryWriter, text: str, sentences: int) -> Summary:
        """The German article summarised in German, and that translated."""
        article = sentences_of_blocks(parse(text, line_breaks=self._line_breaks).blocks)
        if _is_short(article, sentences):
            return replace(self.summarize_translation(self.translator.translate(text), sentences), order=self.order)
        evidence = Evidence(text)
        draft = writer.write(article, evidence, sentences, "de")
        translated = self.translator.translate_segments([one.text for one in draft.sentences])
        warnings = [SummaryWarning(kind, one.source) for one in translated for kind in one.warnings]
        for one in translated:
            warnings += _translation_faults(evidence, one.text)
        english = [replace(one, text=segment.text) for one, segment in zip(draft.sentences, translated, strict=True)]
        return self._summary(replace(draft, sentences=tuple(english)), self.order, warnings, None)

    def _summary(
        self,
        draft: Draft,
        order: Order,
        warnings: Sequence[SummaryWarning],
        translation: Translation | None,
        *,
        text: str | None = None,
    ) -> Summary:
        return Summary(
            " ".join(one.text for one in draft.sentences) if text is None else text,
            draft.sentences,
            _method(draft.sentences),
            self.system,
            order,
            draft.coverage,
            (*warnings, *draft.warnings),
            translation,
        )


def _order(order: str) -> Order:
    try:
        return Order(order)
    except ValueError:
        raise UsageError(f"order={order!r} is not allowed: expected {' or '.join(Order)}") from None


def _check_count(sentences: object) -> None:
    if not (isinstance(sentences, int) and not isinstance(sentences, bool) and sentences >= 1):
        raise UsageError(f"sentences={sentences!r} is not allowed: expected a whole number, 1 or more")


def _is_short(article: Sequence[ArticleSentence], sentences: int) -> bool:
    """Whether the article has no more to tell than the summary would, or nothing that can be told in sentences."""
    telling = [one for one in article if one.fitness is not Fitness.WORDLESS]
    body = [one for one in telling if one.is_body]
    if not telling:
        return True
    return len(body) <= sentences and len(telling) <= max(sentences, len(body) + _FURNITURE_BLOCKS if body else 0)


def _whole(article: Sequence[ArticleSentence]) -> tuple[SummarySentence, ...]:
    return tuple(SummarySentence(one.text, (one.block,), Method.WHOLE) for one in article)


def _extract(article: Sequence[ArticleSentence], sentences: int) -> Draft:
    chosen = [article[index] for index in Ranking(article).choose(sentences)]
    return Draft(tuple(SummarySentence(one.text, (one.block,), Method.EXTRACTIVE) for one in chosen), (), 1.0)


def _method(sentences: Sequence[SummarySentence]) -> Method:
    methods = {one.method for one in sentences}
    if Method.ABSTRACTIVE in methods:
        return Method.ABSTRACTIVE
    return Method.EXTRACTIVE if Method.EXTRACTIVE in methods else Method.WHOLE


def _translation_faults(evidence: Evidence, text: str) -> Iterator[SummaryWarning]:
    """What the translation of a summary may have brought in; names change their form in it, numbers do not."""
    if numbers := evidence.unsupported_numbers(text):
        yield SummaryWarning(SummaryFault.UNSUPPORTED_NUMBER, text, ", ".join(numbers))
    if not is_written_in(text, "en"):
        yield SummaryWarning(SummaryFault.WRONG_LANGUAGE, text)


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
    order: "translate-first", "summarize-first" or "auto", which is translate-first.
    translator: takes the place of translation_model; the other arguments are those of load_translator() and are for
        both models, except options (the summariser's) and translation_options, and revision (the summariser's).

    Raises ModelError with what to do when a model or the backend is not there, UsageError for an order that the model
    cannot take.
    """
    checkpoint = _checkpoint(model, revision, local_files_only)
    chosen = Order.TRANSLATE_FIRST if order == "auto" else _order(order)
    if checkpoint is not None:
        _check_model(checkpoint, chosen)
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
        options=options or _options(checkpoint),
        line_breaks=line_breaks,
        system=System(spec.name, engine.name, checkpoint.revision, checkpoint.fingerprint),
    )


def _options(checkpoint: Checkpoint) -> DecodingOptions:
    spec = checkpoint.spec
    return DecodingOptions(
        beam_size=spec.beam_size,
        no_repeat_ngram_size=spec.no_repeat_ngram_size,
        max_target_tokens=spec.max_target_tokens,
    )


def _check_model(checkpoint: Checkpoint, order: Order) -> None:
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


def _checkpoint(model: str | Path, revision: str | None, local_files_only: bool) -> Checkpoint | None:
    """The weights of the summariser; None for extractive."""
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
    _check_count(sentences)
    key = _Key(str(model), str(translation_model), backend, device)
    with _loading:
        if key not in _loaded:
            _loaded[key] = load_summarizer(model, translation_model=translation_model, backend=backend, device=device)
    return _loaded[key].summarize(text, sentences).text
