"""English text into sentences: what a model wrote, and blocks of the article that were English already."""

from __future__ import annotations

import re

from newsmt.segmentation import split_with_gaps

__all__ = ["split_english"]

# Full stops that the German rules take for the end of a sentence.
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Sgt|Capt|Gov|Sen|Rep|Rev|St|Mt|vs|Inc|Ltd|Co|Corp|Jr|Sr)\.|"
    r"\b(?:[ap]\.m|U\.S|U\.K|U\.N|E\.U|D\.C|e\.g|i\.e)\.|(?<!\w)[A-Z]\.)\Z"
)
_NUMBER = re.compile(r"\b[Nn]os?\.\Z")
# After some of them a sentence may well end: the next word decides.
_OPENERS = (
    "The|This|That|These|Those|A|An|In|On|At|For|From|He|She|It|They|We|But|And|If|When|While|Two|After|Before|As"
)
_END = re.compile(
    rf"\b(?:[ap]\.m\.(\s+)(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[A-Z]{{3,4}}\b)(?=[“\"]?[A-ZÄÖÜ])|"
    rf"(?:U\.S|U\.K|U\.N|E\.U|D\.C|Inc|Ltd|Co|Corp|Jr|Sr)\.(\s+)(?=(?:{_OPENERS})\b|“))"
)


def split_english(text: str) -> list[str]:
    """The sentences of an English text, stripped."""
    sentences: list[str] = []
    for sentence, _ in split_with_gaps(text.strip()):
        if sentences and _goes_on(sentences[-1], sentence):
            sentences[-1] += " " + sentence
        else:
            sentences.append(sentence)
    return [part for sentence in sentences for part in _parts(sentence)]


def _goes_on(before: str, after: str) -> bool:
    return bool(_NO_END.search(before) or (_NUMBER.search(before) and after[0].isdigit()))


def _parts(sentence: str) -> list[str]:
    gaps = [match.span(1 if match[1] else 2) for match in _END.finditer(sentence)]
    starts = [0, *(end for _, end in gaps)]
    return [sentence[start:stop] for start, stop in zip(starts, [*(start for start, _ in gaps), None], strict=True)]
