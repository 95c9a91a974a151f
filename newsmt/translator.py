"""German articles in, English articles out: the flow from text to blocks, segments, hypotheses and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from newsmt.backends import Backend
from newsmt.decoding import Decoded, Progress, decode
from newsmt.document import Block, Document, LineBreaks, parse, render
from newsmt.errors import UsageError
from newsmt.normalization import NORMALIZATIONS
from newsmt.numbers import localize_numbers, missing_numbers
from newsmt.options import DecodingOptions
from newsmt.preparation import PreparedSegment, prepare_block
from newsmt.translation import SegmentWarning, System, TranslatedBlock, TranslatedSegment, Translation
from newsmt.typography import restore_capital, restore_quotation_marks, restore_signs

if TYPE_CHECKING:
    from newsmt.registry import Checkpoint

__all__ = ["Translator", "load_translator", "translate"]

# Segments decoded in one go: enough that batches are full and of like length, few enough that memory stays flat.
_WINDOW_SEGMENTS = 4096


class Translator:
    """Translates articles with a backend; safe to share between threads.

    backend: anything that keeps the contract of newsmt.backends.Backend.
    normalization: what the model must not see, a name of newsmt.normalization.
    options: how to decode where a call does not say it.
    line_breaks: whether the lines of a paragraph are joined, see newsmt.document.parse.
    segment_tokens: sentences of more tokens are translated clause by clause, because the model is better at that; by
        default only sentences are split that the backend cannot take whole.
    system: what to record as the maker of the translations; by default the backend's name.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        normalization: str = "ascii",
        options: DecodingOptions | None = None,
        line_breaks: LineBreaks = "auto",
        segment_tokens: int | None = None,
        system: System | None = None,
    ) -> None:
        if normalization not in NORMALIZATIONS:
            raise UsageError(f"normalization={normalization!r}: expected one of {', '.join(NORMALIZATIONS)}")
        self.backend = backend
        self.options = options or DecodingOptions()
        self.system = system or System(backend.name, backend.name)
        self._normalization = normalization
        self._segment_tokens = min(segment_tokens or backend.max_source_tokens, backend.max_source_tokens)
        self._line_breaks: LineBreaks = line_breaks

    def translate(
        self, text: str, options: DecodingOptions | None = None, *, progress: Progress | None = None
    ) -> Translation:
        """Translate one article; progress is called with how many segments are done, of how many."""
        return next(self.translate_documents([text], options, progress=progress))

    def translate_documents(
        self, texts: Iterable[str], options: DecodingOptions | None = None, *, progress: Progress | None = None
    ) -> Iterator[Translation]:
        """Translate articles one after another, in order; segments of many articles share batches.

        texts may be endless: articles are taken as they are needed, some thousand segments ahead, and progress is
        about these.
        """
        for window in _windows(self._prepare(text) for text in texts):
            decoded = self._decode(window, options, progress)
            for article in window:
                yield self._assemble(article, decoded)

    def translate_segments(
        self, sources: Sequence[str], options: DecodingOptions | None = None, *, progress: Progress | None = None
    ) -> list[TranslatedSegment]:
        """Translate lines on their own, one result per line in order, as test sets have them.

        A line may hold several sentences. A blank line gives an empty segment.
        """
        articles = [self._prepare(source, line_breaks="join") for source in sources]
        decoded = self._decode(articles, options, progress)
        return [_as_one_segment(self._assemble(article, decoded), article.text) for article in articles]

    def _prepare(self, text: str, line_breaks: LineBreaks | None = None) -> _Article:
        document = parse(text, line_breaks=line_breaks or self._line_breaks)
        return _Article(text, document, [prepare_block(block, self._normalization) for block in document.blocks])

    def _decode(
        self, articles: Sequence[_Article], options: DecodingOptions | None, progress: Progress | None
    ) -> dict[str, Decoded]:
        """What the model makes of each text it is to see, every text once."""
        texts = (segment.model_input for article in articles for segment in article.segments)
        inputs = list(dict.fromkeys(text for text in texts if text))
        decoded = decode(
            self.backend, inputs, options or self.options, self._segment_tokens, progress, losses=_lost_numbers
        )
        return dict(zip(inputs, decoded, strict=True))

    def _assemble(self, article: _Article, decoded: dict[str, Decoded]) -> Translation:
        blocks = [
            _translated_block(block, prepared, decoded)
            for block, prepared in zip(article.document.blocks, article.prepared, strict=True)
        ]
        if article.is_copied(decoded):  # nothing was translated, so nothing may change
            return Translation(article.text, tuple(blocks), self.system)
        texts = [block.wrap(one.text) for block, one in zip(article.document.blocks, blocks, strict=True)]
        return Translation(render(article.document, texts), tuple(blocks), self.system)


@dataclass(frozen=True, slots=True)
class _Article:
    text: str
    document: Document
    prepared: list[list[PreparedSegment]]

    @property
    def segments(self) -> list[PreparedSegment]:
        return [segment for block in self.prepared for segment in block]

    def is_copied(self, decoded: dict[str, Decoded]) -> bool:
        return all(not one.model_input or decoded[one.model_input].text == one.model_input for one in self.segments)


def _windows(articles: Iterable[_Article]) -> Iterator[list[_Article]]:
    """Articles in groups that fill batches."""
    window: list[_Article] = []
    segments = 0
    for article in articles:
        window.append(article)
        segments += len(article.segments)
        if segments >= _WINDOW_SEGMENTS:
            yield window
            window, segments = [], 0
    if window:
        yield window


def _translated_block(block: Block, prepared: list[PreparedSegment], decoded: dict[str, Decoded]) -> TranslatedBlock:
    """The segments with their texts, quotation marks restored over the block as a whole."""
    raw = [decoded[one.model_input].text if one.model_input else one.source for one in prepared]
    sent = [index for index, one in enumerate(prepared) if one.model_input and one.fixed is None]
    marked = restore_quotation_marks([prepared[index].source for index in sent], [raw[index] for index in sent])
    texts = dict(zip(sent, marked, strict=True))
    segments = tuple(
        _translated_segment(one, raw[index], texts.get(index), decoded.get(one.model_input))
        for index, one in enumerate(prepared)
    )
    # A space that the source forgot between two sentences is there in English.
    gaps = [one.gap or " " for one in prepared[:-1]] + [one.gap for one in prepared[-1:]]
    text = "".join(segment.text + gap for segment, gap in zip(segments, gaps, strict=True))
    return TranslatedBlock(block.prose, text, block.kind, segments)


def _lost_numbers(source: str, hypothesis: str) -> int:
    return len(missing_numbers(source, localize_numbers(source, hypothesis)))


def _translated_segment(
    one: PreparedSegment, hypothesis: str, marked: str | None, decoded: Decoded | None
) -> TranslatedSegment:
    if decoded is None:
        return TranslatedSegment(one.source, one.source, one.source, None, one.warnings)
    if one.fixed is not None:
        return TranslatedSegment(one.source, hypothesis, one.fixed, decoded.score)
    text = restore_capital(one.source, restore_signs(one.source, marked or hypothesis))
    text = localize_numbers(one.source, text)
    text = one.before + (text.upper() if one.capitals else text) + one.after
    warnings = decoded.warnings
    if missing_numbers(one.source, text):
        warnings += (SegmentWarning.MISSING_NUMBER,)
    return TranslatedSegment(one.source, hypothesis, text, decoded.score, warnings)


def _as_one_segment(translation: Translation, source: str) -> TranslatedSegment:
    segments = translation.segments
    scores = [segment.score for segment in segments if segment.score is not None]
    return TranslatedSegment(
        source,
        " ".join(segment.hypothesis for segment in segments),
        " ".join(translation.paragraphs),
        sum(scores) / len(scores) if scores else None,
        tuple(dict.fromkeys(warning for _, warning in translation.warnings)),
    )


def load_translator(
    model: str | Path = "auto",
    *,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    options: DecodingOptions | None = None,
    line_breaks: LineBreaks = "auto",
    revision: str | None = None,
    local_files_only: bool = False,
) -> Translator:
    """Load a model into a Translator.

    model: a name of available_models(), a directory, a hub id ("owner/name"), or "auto": opus-mt-de-en if it is on disk
        or can be fetched, else the bundled newsmt-mini-de-en with a warning.
    backend: "ctranslate2", "torch" or "auto" (the first of them that is installed).
    device: "cpu", "cuda", "cuda:1" or "auto"; precision: "int8", "float32", "float16" ... or "auto".
    threads: processor threads; None takes what the process may use.
    revision: branch, tag or commit on the hub; local_files_only: never contact the hub.

    Raises ModelError with what to do when the model or the backend is not there.
    """
    from newsmt import registry
    from newsmt.backends import load_backend

    checkpoint = registry.resolve(model, revision=revision, local_files_only=local_files_only)
    engine = load_backend(backend, checkpoint, device=device, precision=precision, threads=threads)
    return Translator(
        engine,
        normalization=checkpoint.spec.normalization,
        options=options,
        line_breaks=line_breaks,
        segment_tokens=checkpoint.spec.segment_tokens,
        system=_system(checkpoint, engine),
    )


def _system(checkpoint: Checkpoint, engine: Backend) -> System:
    return System(checkpoint.spec.name, engine.name, checkpoint.revision, checkpoint.fingerprint)


_loaded: dict[tuple[str, str, str], Translator] = {}
_loading = Lock()


def translate(text: str, *, model: str | Path = "auto", backend: str = "auto", device: str = "auto") -> str:
    """Translate a German article into English: headline, paragraphs and layout stay.

    The model is loaded at the first call and kept; see load_translator() for the arguments and the errors, and for more
    than the text of the translation.
    """
    key = (str(model), backend, device)
    with _loading:
        if key not in _loaded:
            _loaded[key] = load_translator(model, backend=backend, device=device)
    return _loaded[key].translate(text).text
