"""Texts of any length through a backend: split to fit, decoded, inspected, decoded again where something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from newsmt.backends import Backend, Hypothesis, SearchBackend
from newsmt.errors import BackendContractError
from newsmt.inspection import find_faults
from newsmt.options import DecodingOptions
from newsmt.segmentation import split_to_fit
from newsmt.translation import SegmentWarning

__all__ = ["Decoded", "Losses", "Progress", "decode"]

logger = logging.getLogger("newsmt")

# Called with the segments done and the segments in all.
Progress = Callable[[int, int], None]

# How much of a source its hypothesis has lost, whatever is counted; 0 for nothing.
Losses = Callable[[str, str], int]

# What a backend gives for one source.
_Answer = TypeVar("_Answer")

# A piece of a text and what stands between it and the next.
_Piece = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a model made of one text, whole again if it was decoded in pieces.

    score: mean log-probability over all tokens.
    """

    text: str
    score: float
    warnings: tuple[SegmentWarning, ...] = ()


# Where most of many hypotheses look wrong, the model is: decoding them again would only take longer.
_BROKEN_MODEL_SHARE, _BROKEN_MODEL_LEAST = 0.5, 32


def decode(
    backend: Backend,
    inputs: Sequence[str],
    options: DecodingOptions,
    most_tokens: int,
    progress: Progress | None = None,
    losses: Losses | None = None,
) -> list[Decoded]:
    """Decode texts of any length, one result per text in order; none is blank.

    most_tokens: longer texts are decoded in pieces. What looks wrong is decoded again in smaller pieces, and carries a
    warning if it still does; where the model wrote nothing at all the input stands in its place.
    losses: where a hypothesis has lost something, a SearchBackend is asked for more of them, and the best of those that
    lost least is taken.
    """
    if not inputs:
        return []
    groups = [_pieces(backend, *one, most_tokens) for one in _counted(backend, inputs)]
    decoded = _decode_groups(backend, groups, options, progress, losses)
    suspects = [index for index, one in enumerate(decoded) if one.warnings]
    if len(suspects) > max(_BROKEN_MODEL_LEAST, _BROKEN_MODEL_SHARE * len(inputs)):
        logger.warning(
            "%d of %d segments came out cut, empty or repetitive: the model is damaged or not made for this text",
            len(suspects),
            len(inputs),
        )
    elif suspects:
        again = _decode_again(backend, [inputs[index] for index in suspects], options)
        for index, one in zip(suspects, again, strict=True):
            decoded[index] = min(decoded[index], one, key=lambda candidate: len(candidate.warnings))
    return [one if one.text.strip() else replace(one, text=text) for one, text in zip(decoded, inputs, strict=True)]


_FEWEST_TOKENS_TO_HALVE = 12


def _decode_again(backend: Backend, inputs: Sequence[str], options: DecodingOptions) -> list[Decoded]:
    """Decode in halves and with no three words twice, as far as a text is long enough to be halved."""
    groups = [
        _pieces(backend, text, tokens, tokens // 2 + 2 if tokens >= _FEWEST_TOKENS_TO_HALVE else tokens)
        for text, tokens in _counted(backend, inputs)
    ]
    return _decode_groups(backend, groups, replace(options, no_repeat_ngram_size=options.no_repeat_ngram_size or 3))


def _counted(backend: Backend, inputs: Sequence[str]) -> list[tuple[str, int]]:
    return list(zip(inputs, backend.count_tokens(inputs), strict=True))


def _pieces(backend: Backend, text: str, tokens: int, limit: int) -> list[_Piece]:
    """The text whole if it fits, else in pieces; blank ones go into the gap before them."""
    limit = min(limit, backend.max_source_tokens)
    if tokens <= limit:
        return [(text, "")]
    pieces: list[_Piece] = []
    for piece, gap in split_to_fit(text, limit, backend.count_tokens):
        if piece.strip() or not pieces:
            pieces.append((piece, gap))
        else:
            before, gap_before = pieces[-1]
            pieces[-1] = (before, gap_before + piece + gap)
    return pieces


def _decode_groups(
    backend: Backend,
    groups: Sequence[list[_Piece]],
    options: DecodingOptions,
    progress: Progress | None = None,
    losses: Losses | None = None,
) -> list[Decoded]:
    """One result per group of pieces, all pieces decoded together."""
    pieces = [piece for group in groups for piece, _ in group]
    hypotheses = _generate(backend, pieces, options, progress)
    if losses is not None and isinstance(backend, SearchBackend):
        hypotheses = _without_losses(backend, pieces, hypotheses, options, losses)
    faults = [find_faults(source, one) for source, one in zip(pieces, hypotheses, strict=True)]
    decoded = []
    start = 0
    for group in groups:
        stop = start + len(group)
        decoded.append(_joined([gap for _, gap in group], hypotheses[start:stop], faults[start:stop]))
        start = stop
    return decoded


# The bundled model on wmt19 loses a number in 19 sentences: 4 hypotheses mend 7 of them, 8 mend 12 and 12 mend 13, for
# 1.5, 2.3 and 3.6 per cent of the time.
_ALTERNATIVES = 8
# A model that loses most of what can be lost is not made for it, and would be searched for nothing.
_LOSING_MODEL_LEAST = 8


def _without_losses(
    backend: SearchBackend,
    pieces: Sequence[str],
    hypotheses: Sequence[Hypothesis],
    options: DecodingOptions,
    losses: Losses,
) -> list[Hypothesis]:
    """The hypotheses, those that lost something exchanged for better ones where the model has some."""
    kept = list(hypotheses)
    lost = [losses(piece, one.text) for piece, one in zip(pieces, hypotheses, strict=True)]
    suspects = [index for index, count in enumerate(lost) if count]
    if len(suspects) > _LOSING_MODEL_LEAST:
        losable = sum(1 for piece in pieces if losses(piece, ""))
        if len(suspects) > _BROKEN_MODEL_SHARE * losable:
            return kept
    if not suspects:
        return kept
    wider = replace(options, beam_size=max(options.beam_size, _ALTERNATIVES))
    searched = [pieces[index] for index in suspects]
    nbest = _checked(backend, searched, backend.generate_nbest(searched, wider, _ALTERNATIVES))
    for index, alternatives in zip(suspects, nbest, strict=True):
        faults = len(find_faults(pieces[index], kept[index]))
        sound = [one for one in alternatives if len(find_faults(pieces[index], one)) <= faults]
        kept[index] = min([kept[index], *sound], key=lambda one: losses(pieces[index], one.text))
    return kept


# Few enough that progress is seen, enough that the last, half-filled batches do not count.
_SEGMENTS_BETWEEN_REPORTS = 512


def _generate(
    backend: Backend, sources: Sequence[str], options: DecodingOptions, progress: Progress | None
) -> list[Hypothesis]:
    """All hypotheses in order; in slices of like length where somebody wants to know how far it is."""
    if progress is None:
        return _checked(backend, sources, backend.generate(sources, options))
    order = sorted(range(len(sources)), key=lambda index: len(sources[index]), reverse=True)
    hypotheses: dict[int, Hypothesis] = {}
    for start in range(0, len(order), _SEGMENTS_BETWEEN_REPORTS):
        progress(start, len(order))
        indices = order[start : start + _SEGMENTS_BETWEEN_REPORTS]
        chosen = [sources[index] for index in indices]
        generated = _checked(backend, chosen, backend.generate(chosen, options))
        hypotheses.update(zip(indices, generated, strict=True))
    progress(len(order), len(order))
    return [hypotheses[index] for index in range(len(sources))]


def _checked(backend: Backend, sources: Sequence[str], answers: list[_Answer]) -> list[_Answer]:
    if len(answers) != len(sources):
        raise BackendContractError(f"{backend.name} gave {len(answers)} hypotheses for {len(sources)} sources")
    return answers


def _joined(
    gaps: Sequence[str], hypotheses: Sequence[Hypothesis], faults: Sequence[tuple[SegmentWarning, ...]]
) -> Decoded:
    text = "".join(one.text + (" " if gap else "") for one, gap in zip(hypotheses, gaps, strict=True)).strip()
    tokens = [max(1, one.tokens) for one in hypotheses]
    score = sum(one.score * count for one, count in zip(hypotheses, tokens, strict=True)) / sum(tokens)
    return Decoded(text, score, tuple(dict.fromkeys(fault for group in faults for fault in group)))
