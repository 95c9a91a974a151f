"""The seed articles with their human translations, as newsmt would have translated them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from newsmt.document import parse
from newsmt.formulas import split_dateline
from newsmt.summarization.english import split_english
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translation import Translation
from newsmt.translator import Translator

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
NAMES = sorted(folder.name for folder in SEEDS.iterdir() if folder.is_dir())


def source_of(name: str) -> str:
    return (SEEDS / name / "article.de.txt").read_text(encoding="utf-8")


def summary_of(name: str) -> str:
    return (SEEDS / name / "summary.en.txt").read_text(encoding="utf-8").strip()


def reference_of(name: str) -> str:
    return (SEEDS / name / "reference.en.txt").read_text(encoding="utf-8")


@lru_cache
def human_translation(name: str) -> Translation:
    """The article with the human translation of each sentence; of the block, where they do not pair up."""
    translation = Translator(EchoBackend(), normalization="none").translate(source_of(name))
    references = [block.prose for block in parse(reference_of(name)).blocks]
    blocks = []
    for block, reference in zip(translation.blocks, references, strict=True):
        sentences = split_english(reference)
        if split_dateline(block.source):
            sentences = [*re.split(" [–-] ", sentences[0], maxsplit=1), *sentences[1:]]
        if len(sentences) == len(block.segments):
            segments = [replace(one, text=text) for one, text in zip(block.segments, sentences, strict=True)]
        else:
            segments = [replace(block.segments[0], source=block.source, text=reference)]
        blocks.append(replace(block, text=reference, segments=tuple(segments)))
    return Translation(reference_of(name), tuple(blocks), translation.system)


def human_translator(*names: str) -> Translator:
    """A translator that knows the human translation of these articles' sentences, and echoes all others."""
    script = {
        segment.source: segment.text
        for name in names
        for block in human_translation(name).blocks
        for segment in block.segments
    }
    return Translator(ScriptedBackend(script), normalization="none")
