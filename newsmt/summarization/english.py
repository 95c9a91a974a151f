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
# After these a sentence may well end, so what follows decides.
_MAY_END = re.compile(r"(?:[ap]\.m|U\.S|U\.K|U\.N|E\.U|D\.C|Inc|Ltd|Co|Corp|Jr|Sr)\.\Z")
_STARTS_SENTENCE = re.compile(r"(?:The|This|That|A|An|In|On|At|He|She|It|They|But|And|If|When|Two|After|Before)\b")


def split_english(text: str) -> list[str]:
    """The sentences of an English text, stripped."""
    sentences: list[str] = []
    for sentence, _ in split_with_gaps(text.strip()):
        if sentences and _goes_on(sentences[-1], sentence):
            sentences[-1] += " " + sentence
        else:
            sentences.append(sentence)
    return sentences


def _goes_on(before: str, after: str) -> bool:
    if not _NO_END.search(before):
        return False
    return not (_MAY_END.search(before) and _STARTS_SENTENCE.match(after))
