"""The segments a system did worst at, with what its hypothesis has that no reference has, word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsmt.evaluation.checks import is_copied, is_repeating
from newsmt.numbers import missing_numbers

if TYPE_CHECKING:
    from newsmt.evaluation.scoring import Evaluation, MetricScore, SystemScores

__all__ = ["Span", "WorstSegment", "segment_metric", "word_differences", "worst_segments"]

_PIECE = re.compile(r"\s+|\w+(?:['’\-.,:]\w+)*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; `changed` where the other text has it not so."""

    text: str
    changed: bool


@dataclass(frozen=True, slots=True)
class WorstSegment:
    """One segment with its nearest reference; remarks say in words what a check found."""

    number: int
    docid: str | None
    score: float
    source: str
    reference: tuple[Span, ...]
    hypothesis: tuple[Span, ...]
    remarks: tuple[str, ...]


def segment_metric(evaluation: Evaluation) -> str:
    """The metric by which segments are ranked: chrF, which is the steadiest on short texts, else the first given."""
    keys = [metric.key for metric in evaluation.metrics]
    return next((key for key in ("chrf++", "chrf") if key in keys), keys[0])


def worst_segments(evaluation: Evaluation, scores: SystemScores, count: int) -> list[WorstSegment]:
    """The `count` segments with the worst score, worst first."""
    score = scores[segment_metric(evaluation)]
    sign = 1 if score.metric.higher_is_better else -1
    order = sorted(range(len(score.segments)), key=lambda index: (sign * score.segments[index], index))
    return [_worst_segment(evaluation, scores, score, index) for index in order[:count]]


def _worst_segment(evaluation: Evaluation, scores: SystemScores, score: MetricScore, index: int) -> WorstSegment:
    test_set = evaluation.test_set
    references = [reference[index] for reference in test_set.references]
    source, hypothesis = test_set.sources[index], scores.system.hypotheses[index]
    reference_spans, hypothesis_spans = word_differences(_nearest(hypothesis, references), hypothesis)
    return WorstSegment(
        number=index + 1,
        docid=test_set.docids[index] if test_set.docids else None,
        score=score.segments[index],
        source=source,
        reference=reference_spans,
        hypothesis=hypothesis_spans,
        remarks=_remarks(source, hypothesis, references),
    )


def _nearest(hypothesis: str, references: Sequence[str]) -> str:
    """The reference most like the hypothesis."""
    if len(references) == 1:
        return references[0]
    return max(references, key=lambda each: difflib.SequenceMatcher(None, each.split(), hypothesis.split()).ratio())


def _remarks(source: str, hypothesis: str, references: Sequence[str]) -> tuple[str, ...]:
    missing = missing_numbers(source, hypothesis)
    return tuple(
        remark
        for remark, applies in (
            ("nothing written", not hypothesis.strip()),
            (f"numbers missing: {', '.join(missing)}", bool(missing)),
            ("left in German", is_copied(source, hypothesis, references)),
            ("repeats itself", is_repeating(source, hypothesis, references)),
        )
        if applies
    )


def word_differences(reference: str, hypothesis: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts as spans; those are changed whose words the other text has not in the same place."""
    first, second = _pieces(reference), _pieces(hypothesis)
    matcher = difflib.SequenceMatcher(None, first, second, autojunk=False)
    reference_spans: list[Span] = []
    hypothesis_spans: list[Span] = []
    for operation, first_start, first_stop, second_start, second_stop in matcher.get_opcodes():
        changed = operation != "equal"
        _append(reference_spans, first[first_start:first_stop], changed)
        _append(hypothesis_spans, second[second_start:second_stop], changed)
    return tuple(reference_spans), tuple(hypothesis_spans)


def _pieces(text: str) -> list[str]:
    """Words and punctuation marks, each with the white space before it; joined they give the text back."""
    pieces: list[str] = []
    space = ""
    for piece in _PIECE.findall(text):
        if piece.isspace():
            space = piece
        else:
            pieces.append(space + piece)
            space = ""
    if space:
        pieces.append(space)
    return pieces


def _append(spans: list[Span], pieces: Sequence[str], changed: bool) -> None:
    if pieces:
        spans.append(Span("".join(pieces), changed))
