"""A model writes the summary; every sentence of it is checked, and what the article does not say is not let through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from newsmt.backends import Backend, Hypothesis
from newsmt.document import BlockKind
from newsmt.errors import BackendContractError
from newsmt.options import DecodingOptions
from newsmt.segmentation import split_sentences
from newsmt.summarization.article import ArticleSentence, Fitness, headline_of
from newsmt.summarization.chunking import Chunk, plan_chunks
from newsmt.summarization.english import split_english
from newsmt.summarization.extractive import Ranking
from newsmt.summarization.faithfulness import Evidence, says_again
from newsmt.summarization.summary import Method, SummaryFault, SummarySentence, SummaryWarning
from newsmt.summarization.words import distinct_stems

__all__ = ["Draft", "SummaryWriter", "letters"]

Language = Literal["de", "en"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A summary in the article's language or the translation's, before it becomes a Summary.

    method: abstractive if at least one sentence was written by a model.
    coverage: the share of the article's text that was read.
    """

    sentences: tuple[SummarySentence, ...]
    method: Method
    warnings: tuple[SummaryWarning, ...] = ()
    coverage: float = 1.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What the model made of one chunk: its sentences, each with what is wrong with it."""

    sentences: tuple[str, ...]
    faults: tuple[tuple[SummaryWarning, ...], ...]

    @property
    def faulty(self) -> int:
        return sum(1 for one in self.faults if one)

    @property
    def accepted(self) -> list[str]:
        return [text for text, faults in zip(self.sentences, self.faults, strict=True) if not faults]


class SummaryWriter:
    """Writes summaries of articles of any length with a sequence-to-sequence model.

    prefix: what the model wants to read before the text.
    options: how to decode.
    """

    def __init__(self, backend: Backend, *, prefix: str, options: DecodingOptions) -> None:
        self._backend = backend
        self._prefix = prefix
        self._options = options

    def write(
        self, article: Sequence[ArticleSentence], evidence: Evidence, sentences: int, language: Language
    ) -> Draft:
        """A summary of so many sentences, in the language of the article's sentences.

        Each chunk of a long article gets a summary of its own; these are summarised again until they are few enough.
        Where the model writes too few sentences, the best of the article are added.
        """
        work = _Work(self, article, evidence, language)
        chunks = work.chunks(article)
        coverage = _coverage(article, chunks)
        written = work.summarize(chunks, [chunk.sentences for chunk in chunks])
        while len(chunks) > 1 and len(written) > sentences:
            before = [_as_article(one) for one in written]
            chunks = work.chunks(before)
            shorter = work.summarize(chunks, [work.told_in([written[i] for i in one.sentences]) for one in chunks])
            if len(shorter) >= len(written):
                written = [written[i] for i in Ranking(before).choose(sentences)]
                break
            written = shorter
        final = tuple(work.filled(written[:sentences], sentences))
        abstractive = any(one.method is Method.ABSTRACTIVE for one in final)
        method = Method.ABSTRACTIVE if abstractive else Method.EXTRACTIVE
        return Draft(final, method, tuple(work.warnings), coverage)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the model reads it, the prefix left out."""
        prefix = self._backend.count_tokens([self._prefix])[0] if self._prefix else 0
        counts = self._backend.count_tokens([self._prefix + text for text in texts])
        return [count - prefix for count in counts]

    @property
    def room(self) -> int:
        """Tokens that a chunk may have beside the prefix."""
        prefix = self._backend.count_tokens([self._prefix])[0] if self._prefix else 0
        return self._backend.max_source_tokens - prefix

    def decode(self, chunks: Sequence[Chunk], *, again: bool = False) -> list[Hypothesis]:
        """What the model writes for each chunk; again: by another search than the first time."""
        options = _other_search(self._options) if again else self._options
        hypotheses = self._backend.generate([self._prefix + chunk.text for chunk in chunks], options)
        if len(hypotheses) != len(chunks):
            name = self._backend.name
            raise BackendContractError(f"{name} gave {len(hypotheses)} summaries for {len(chunks)} chunks")
        return hypotheses


def _other_search(options: DecodingOptions) -> DecodingOptions:
    """A wider search in which repetition costs: the likeliest to leave a wrong path."""
    return replace(
        options,
        beam_size=min(64, 2 * options.beam_size),
        no_repeat_ngram_size=options.no_repeat_ngram_size or 3,
        repetition_penalty=max(1.2, options.repetition_penalty),
    )


class _Work:
    """The summary of one article in the making."""

    def __init__(
        self, writer: SummaryWriter, article: Sequence[ArticleSentence], evidence: Evidence, language: Language
    ) -> None:
        self._writer = writer
        self._evidence = evidence
        self._language: Language = language
        self._ranking = Ranking(article)
        self._headline = headline_of(article)
        self._indices: dict[str, list[int]] = {}
        self._in_block: dict[int, list[int]] = {}
        for index, one in enumerate(article):
            self._indices.setdefault(one.text, []).append(index)
            self._in_block.setdefault(one.block, []).append(index)
        self.warnings: list[SummaryWarning] = []

    def chunks(self, sentences: Sequence[ArticleSentence]) -> list[Chunk]:
        return plan_chunks(sentences, self._headline, self._writer.room, self._writer.count_tokens)

    def told_in(self, written: Sequence[SummarySentence]) -> list[int]:
        """The article's sentences in the blocks that these sentences come from."""
        blocks = {block for one in written for block in one.blocks}
        return [index for block in sorted(blocks) for index in self._in_block[block]]

    def summarize(self, chunks: Sequence[Chunk], sources: Sequence[Sequence[int]]) -> list[SummarySentence]:
        """The summaries of all chunks as one; sources: the article's sentences that each chunk tells about."""
        attempts = self._attempts(chunks, sources)
        written: list[SummarySentence] = []
        for attempt, source in zip(attempts, sources, strict=True):
            for text, faults in zip(attempt.sentences, attempt.faults, strict=True):
                self.warnings += faults
                if faults:
                    said = [*(one.text for one in written), *attempt.accepted]
                    written += self._replacement(text, said, source)
                elif not any(says_again(text, one.text) for one in written):
                    written.append(SummarySentence(text, self._trace(text, source), Method.ABSTRACTIVE))
        return written

    def filled(self, written: Sequence[SummarySentence], count: int) -> list[SummarySentence]:
        """With the best sentences of the article where the model wrote too few; in the article's order then."""
        if len(written) >= count:
            return list(written)
        beside = [one.text for one in written]
        more = self._ranking.choose(count - len(written), excluded=self._used(beside), beside=beside)
        return sorted([*written, *map(self._extract, more)], key=lambda one: min(one.blocks))

    def _attempts(self, chunks: Sequence[Chunk], sources: Sequence[Sequence[int]]) -> list[_Attempt]:
        """The better of two attempts at each chunk, the second only where the first has faults."""
        hypotheses = self._writer.decode(chunks)
        attempts = [self._attempt(one, source) for one, source in zip(hypotheses, sources, strict=True)]
        suspects = [index for index, attempt in enumerate(attempts) if attempt.faulty]
        if suspects:
            again = self._writer.decode([chunks[index] for index in suspects], again=True)
            for index, hypothesis in zip(suspects, again, strict=True):
                second = self._attempt(hypothesis, sources[index])
                attempts[index] = min(attempts[index], second, key=lambda one: one.faulty)
        return attempts

    def _attempt(self, hypothesis: Hypothesis, source: Sequence[int]) -> _Attempt:
        sentences = _sentences(hypothesis.text, self._language)
        cut = not hypothesis.finished and not sentences[-1].endswith((".", "!", "?", "”", '"'))
        if cut and len(sentences) > 1:
            sentences, cut = sentences[:-1], False
        faults: list[tuple[SummaryWarning, ...]] = []
        for index, text in enumerate(sentences):
            before = [one for one, wrong in zip(sentences, faults, strict=False) if not wrong]
            found = self._evidence.faults(text, language=self._language, before=before)
            if cut and index == len(sentences) - 1:
                found.append(SummaryWarning(SummaryFault.CUT, text))
            if not found and not self._trace(text, source):
                found.append(SummaryWarning(SummaryFault.UNRELATED, text))
            faults.append(tuple(found))
        return _Attempt(tuple(sentences), tuple(faults))

    def _replacement(self, rejected: str, said: Sequence[str], source: Sequence[int]) -> list[SummarySentence]:
        """The best sentence of the article that the summary does not say yet, best about what was rejected."""
        told = {i for i in source if any(says_again(one, self._ranking.sentences[i].text) for one in said)}
        best = self._ranking.choose(1, among=source, excluded=self._used(said) | told, beside=said, like=rejected)
        return [self._extract(index) for index in best]

    def _extract(self, index: int) -> SummarySentence:
        sentence = self._ranking.sentences[index]
        return SummarySentence(sentence.text, (sentence.block,), Method.EXTRACTIVE, sentence.source)

    def _used(self, said: Sequence[str]) -> set[int]:
        return {index for text in said for index in self._indices.get(text, ())}

    def _trace(self, text: str, source: Sequence[int]) -> tuple[int, ...]:
        return trace(text, self._ranking, source)


_MOST_BLOCKS, _FEWEST_NEW_STEMS = 3, 2


def trace(text: str, ranking: Ranking, among: Sequence[int]) -> tuple[int, ...]:
    """The blocks a sentence tells about, best first: the most similar one, and others that have what it lacks."""
    missing = distinct_stems(text)
    blocks: list[int] = []
    for index, _ in ranking.nearest(text, among):
        sentence = ranking.sentences[index]
        stems = distinct_stems(sentence.text)
        if len(missing & stems) < (_FEWEST_NEW_STEMS if blocks else 1):
            continue
        missing -= stems
        if sentence.block not in blocks:
            blocks.append(sentence.block)
        if len(blocks) == _MOST_BLOCKS:
            break
    return tuple(blocks)


def _sentences(text: str, language: Language) -> list[str]:
    text = " ".join(text.split())
    return (split_english(text) if language == "en" else split_sentences(text)) or [""]


def _as_article(sentence: SummarySentence) -> ArticleSentence:
    block = sentence.blocks[0]
    return ArticleSentence(block, BlockKind.PARAGRAPH, sentence.text, sentence.text, Fitness.SELF_CONTAINED)


def _coverage(article: Sequence[ArticleSentence], chunks: Sequence[Chunk]) -> float:
    """The share of the article's text that stands in the chunks, the headline that is in all of them counted once."""
    total = sum(letters(sentence.text) for sentence in article)
    headline = {index for chunk in chunks for index in chunk.headline}
    read = sum(letters(article[index].text) for index in headline) + sum(letters(chunk.body) for chunk in chunks)
    return read / total if total else 1.0


def letters(text: str) -> int:
    """How many letters and digits a text has."""
    return sum(character.isalnum() for character in text)
