"""An article as chunks that a summariser can read whole, each with the headline, together the whole article."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from newsmt.document import BlockKind
from newsmt.errors import SegmentTooLongError
from newsmt.segmentation import split_to_fit
from newsmt.summarization.article import ArticleSentence

__all__ = ["Chunk", "plan_chunks"]

CountTokens = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of an article.

    heading: the headline, in every chunk; "" without one.
    body: the sentences of this part.
    headline: indices of the sentences that the heading is made of.
    sentences: indices of the sentences of the body; one that is longer than the model stands in several chunks.
    """

    heading: str
    body: str
    headline: tuple[int, ...]
    sentences: tuple[int, ...]

    @property
    def text(self) -> str:
        """What the summariser reads."""
        return f"{self.heading} {self.body}".strip()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one that fits."""

    text: str
    sentence: int
    block: int
    tokens: int


def plan_chunks(
    sentences: Sequence[ArticleSentence], headline: str, limit: int, count_tokens: CountTokens
) -> list[Chunk]:
    """Pack sentences into chunks of at most limit tokens, headline included; nothing is left out.

    Chunks end with a block where they can, else with a sentence, and are about equally long.
    count_tokens: tokens of each text as the summariser will read it.
    """
    heading = _heading(headline, limit, count_tokens)
    room = limit - (count_tokens([heading])[0] if heading else 0)
    in_heading = [i for i, one in enumerate(sentences) if heading and _is_part(one, headline)]
    while True:
        pieces = _pieces(sentences, in_heading, room, count_tokens)
        chunks = [_chunk(heading, in_heading, group) for group in _balanced(pieces, room)]
        # Tokens of a chunk can be more than the sum over its sentences.
        counts = count_tokens([one.text for one in chunks])
        excess = max(counts, default=0) - limit
        if excess <= 0:
            return chunks
        if room == 1:
            raise SegmentTooLongError(max(counts), limit, chunks[counts.index(max(counts))].text)
        room = max(1, room - excess)


def _heading(headline: str, limit: int, count_tokens: CountTokens) -> str:
    """The headline as a sentence, or nothing where it would take more than a quarter of a chunk."""
    if not headline:
        return ""
    heading = headline if headline.rstrip("”’\"')").endswith((".", "!", "?", ":")) else f"{headline}."
    return heading if count_tokens([heading])[0] <= limit // 4 else ""


def _is_part(sentence: ArticleSentence, headline: str) -> bool:
    return sentence.kind is BlockKind.HEADLINE and sentence.text in headline


def _pieces(
    sentences: Sequence[ArticleSentence], left_out: Sequence[int], room: int, count_tokens: CountTokens
) -> list[_Piece]:
    texts = [sentence.text for sentence in sentences]
    pieces: list[_Piece] = []
    for index, (sentence, tokens) in enumerate(zip(sentences, count_tokens(texts), strict=True)):
        if index in left_out:
            continue
        if tokens <= room:
            pieces.append(_Piece(sentence.text, index, sentence.block, tokens))
            continue
        parts = [part for part, _ in split_to_fit(sentence.text, room, count_tokens) if part.strip()]
        counts = count_tokens(parts)
        pieces += [_Piece(part, index, sentence.block, n) for part, n in zip(parts, counts, strict=True)]
    return pieces


def _balanced(pieces: Sequence[_Piece], room: int) -> list[list[_Piece]]:
    """As few groups as fit, and with as little difference between them: a last chunk of one line invites invention."""
    if not pieces:
        return []
    fewest = len(_packed(pieces, room))
    low, high = max(piece.tokens for piece in pieces), room
    while low < high:
        middle = (low + high) // 2
        if len(_packed(pieces, middle)) <= fewest:
            high = middle
        else:
            low = middle + 1
    return _packed(pieces, high)


def _packed(pieces: Sequence[_Piece], room: int) -> list[list[_Piece]]:
    groups: list[list[_Piece]] = []
    used = 0
    for block in _blocks(pieces):
        size = sum(piece.tokens for piece in block)
        if groups and used + size <= room:
            groups[-1] += block
            used += size
            continue
        if size <= room:
            groups.append(list(block))
            used = size
            continue
        for piece in block:  # a block that no chunk can hold is parted between its sentences
            if groups and used + piece.tokens <= room:
                groups[-1].append(piece)
                used += piece.tokens
            else:
                groups.append([piece])
                used = piece.tokens
    return groups


def _blocks(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    blocks: list[list[_Piece]] = []
    for piece in pieces:
        if blocks and blocks[-1][-1].block == piece.block:
            blocks[-1].append(piece)
        else:
            blocks.append([piece])
    return blocks


def _chunk(heading: str, headline: Sequence[int], pieces: Sequence[_Piece]) -> Chunk:
    body = " ".join(piece.text for piece in pieces)
    return Chunk(heading, body, tuple(headline), tuple(dict.fromkeys(piece.sentence for piece in pieces)))
