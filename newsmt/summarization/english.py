"""English text into sentences: what a model wrote, and blocks of the article that were English already."""

from __future__ import annotations

import re

from newsmt.segmentation import split_with_gaps

__all__ = ["split_english"]

# Full stops that the German rules take for the end of a sentence.
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Capt|Gov|Sen|Rep|Rev|St|Mt|vs|No|Nos|Inc|Ltd|Co|Corp|Jr|Sr)\.|"
    r"\b(?:[ap]\.m|U\.S|U\.K|U\.N|E\.U|D\.C|e\.g|i\.e)\.|(?<!\w)[A-Z]\.)\Z"
)
# After some of them a sentence may well end; a word that often begins one decides.
_END = re.compile(
    r"(?:\b(?:[ap]\.m|U\.S|U\.K|U\.N|E\.U|D\.C|Inc|Ltd|Co|Corp|Jr|Sr)\.)(\s+)"
    r"(?=(?:The|This|That|These|Those|A|An|In|On|At|For|From|He|She|It|They|We|But|And|If|When|While|Two|After|Before|As)\b|“)"
)


def split_english(text: str) -> list[str]:
    """The sentences of an English text, stripped."""
    sentences: list[str] = []
    for sentence, _ in split_with_gaps(text.strip()):
        if sentences and _NO_END.search(sentences[-1]):
            sentences[-1] += " " + sentence
        else:
            sentences.append(sentence)
    return [part for sentence in sentences for part in _parts(sentence)]


def _parts(sentence: str) -> list[str]:
    ends = [match.span(1) for match in _END.finditer(sentence)]
    starts = [0, *(end for _, end in ends)]
    return [sentence[start:stop] for start, stop in zip(starts, [*(start for start, _ in ends), None], strict=True)]
