"""The report as one HTML page that needs nothing else: style sheet and plots are in it, scripts there are none."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from newsmt._version import __version__
from newsmt.evaluation.report.style import STYLE
from newsmt.evaluation.report.svg import Dot, Point, bin_counts, histogram, interval_plot, scatter_plot
from newsmt.evaluation.report.tables import (
    SIGNIFICANT,
    Table,
    check_table,
    document_table,
    format_difference,
    format_number,
    format_p_value,
    format_score,
    heading,
    is_improvement,
    paired_test_name,
    score_table,
    speed_note,
    speed_table,
)
from newsmt.evaluation.report.worst import Span, WorstSegment, segment_metric, worst_segments

if TYPE_CHECKING:
    from newsmt.evaluation.gate import Gate
    from newsmt.evaluation.metrics import Metric
    from newsmt.evaluation.scoring import Evaluation, MetricScore

__all__ = ["as_html"]

_BINS = 20


def as_html(evaluation: Evaluation, gate: Gate | None = None, *, worst: int = 20) -> str:
    """The page; `worst` segments are shown for each system."""
    sections = [
        _section("Scores", _table(score_table(evaluation)) + _documents(evaluation)),
        _section("Gate", f"<pre>{escape(gate.as_text())}</pre>") if gate else "",
        _section("Scores with 95 % intervals", "".join(_intervals(evaluation, each) for each in evaluation.metrics)),
        _speed(evaluation),
        _section("Checks", _table(check_table(evaluation)) + _check_notes(evaluation)),
        _matrices(evaluation),
        _section(f"Segments by {_segment_label(evaluation)}", _distributions(evaluation)),
        _worst(evaluation, worst),
        _section("How to read and repeat it", _signatures(evaluation)),
    ]
    title = f"newsmt: {heading(evaluation)}"
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
        f"<h1>{escape(evaluation.test_set.name)}</h1><p class='lead'>{escape(_lead(evaluation))}</p>"
        f"{''.join(sections)}</main></body></html>\n"
    )


def _lead(evaluation: Evaluation) -> str:
    return heading(evaluation).partition(": ")[2] + f". German to English, by newsmt {__version__}."


def _section(title: str, body: str) -> str:
    return f"<section><h2>{escape(title)}</h2>{body}</section>"


def _table(table: Table) -> str:
    head = "".join(f"<th scope='col'>{escape(header)}</th>" for header in table.headers)
    rows = "".join(
        "<tr>"
        f"<th scope='row'>{escape(row[0].text)}</th>"
        + "".join(f"<td{' class=best' if cell.best else ''}>{escape(cell.text)}</td>" for cell in row[1:])
        + "</tr>"
        for row in table.rows
    )
    return f"<div class='scroll'><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _documents(evaluation: Evaluation) -> str:
    table = document_table(evaluation)
    return f"<h3>Mean over documents</h3>{_table(table)}" if table else ""


def _check_notes(evaluation: Evaluation) -> str:
    notes = [
        f"<li><b>{escape(check.label)}</b>: {escape(getattr(check, 'what', ''))}</li>" for check in evaluation.checks
    ]
    return f"<ul class='notes'>{''.join(notes)}</ul>"


# --- plots -----------------------------------------------------------------------------------------------------------


def _intervals(evaluation: Evaluation, metric: Metric) -> str:
    dots = [
        Dot(scores.system.label, each.score, *_bounds(each), text=_with_interval(each))
        for scores in evaluation.systems
        for each in [scores[metric.key]]
        if not math.isnan(each.score)
    ]
    better = "higher" if metric.higher_is_better else "lower"
    return f"<figure>{interval_plot(f'{metric.label} ({better} is better)', dots)}</figure>" if dots else ""


def _bounds(score: MetricScore) -> tuple[float, float]:
    return (score.interval.low, score.interval.high) if score.interval else (score.score, score.score)


def _with_interval(score: MetricScore) -> str:
    text = format_score(score.metric, score.score)
    return f"{text} ± {format_number(score.interval.half, score.metric.decimals)}" if score.interval else text


def _speed(evaluation: Evaluation) -> str:
    table = speed_table(evaluation)
    if table is None:
        return ""
    metric = evaluation.metrics[0]
    points = [
        Point(
            scores.system.label,
            (scores.system.generation.timed or scores.system.generation.speed).words_per_second,
            scores[metric.key].score,
            *_bounds(scores[metric.key]),
        )
        for scores in evaluation.systems
        if scores.system.generation
    ]
    plot = scatter_plot("Quality against speed", "source words per second", metric.label, points)
    note = escape(speed_note(evaluation))
    return _section("Speed and memory", f"{_table(table)}<p class='note'>{note}</p><figure>{plot}</figure>")


def _segment_label(evaluation: Evaluation) -> str:
    return evaluation.systems[0][segment_metric(evaluation)].metric.label


def _distributions(evaluation: Evaluation) -> str:
    key = segment_metric(evaluation)
    of_systems = [(scores.system.label, scores[key].segments) for scores in evaluation.systems]
    largest = max(max(bin_counts(values, _BINS)) / len(values) for _, values in of_systems)
    plots = [
        f"<figure>{histogram(label, values, series, largest, _BINS)}</figure>"
        for series, (label, values) in enumerate(of_systems)
    ]
    return f"<div class='plots'>{''.join(plots)}</div>"


# --- paired comparisons ----------------------------------------------------------------------------------------------


def _matrices(evaluation: Evaluation) -> str:
    if not evaluation.comparisons:
        return ""
    intro = (
        f"<p class='note'>Row minus column, by {escape(paired_test_name(evaluation))}. Coloured where "
        f"p &lt; {SIGNIFICANT}: <span class='better'>better</span> or <span class='worse'>worse</span> than the "
        "column's system. Many comparisons find some differences by chance alone.</p>"
    )
    metrics = "".join(_matrix(evaluation, metric) for metric in evaluation.metrics)
    checks = "".join(_matrix(evaluation, metric) for metric in evaluation.checks)
    return _section(
        "Paired comparisons",
        f"{intro}<div class='matrices'>{metrics}</div>"
        f"<details><summary>Checks</summary><div class='matrices'>{checks}</div></details>",
    )


def _matrix(evaluation: Evaluation, metric: Metric) -> str:
    labels = [scores.system.label for scores in evaluation.systems]
    head = "".join(f"<th scope='col'>{escape(label)}</th>" for label in labels)
    rows = "".join(
        f"<tr><th scope='row'>{escape(row)}</th>"
        + "".join(_matrix_cell(evaluation, metric, column, row) for column in labels)
        + "</tr>"
        for row in labels
    )
    return (
        f"<div class='scroll'><h3>{escape(metric.label)}</h3><table class='matrix'>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _matrix_cell(evaluation: Evaluation, metric: Metric, column: str, row: str) -> str:
    comparison = evaluation.comparison(metric.key, column, row)
    if comparison is None or math.isnan(comparison.difference):
        return "<td class='none'>·</td>"
    kind = ""
    if comparison.p_value < SIGNIFICANT and comparison.difference and metric.key != "length":
        kind = " class='better'" if is_improvement(metric, comparison.difference) else " class='worse'"
    p_value = f"<small>{format_p_value(comparison.p_value)}</small>" if comparison.difference else ""
    return f"<td{kind}>{format_difference(metric, comparison.difference)}{p_value}</td>"


# --- worst segments --------------------------------------------------------------------------------------------------


def _worst(evaluation: Evaluation, count: int) -> str:
    if not count:
        return ""
    label = _segment_label(evaluation)
    intro = (
        f"<p class='note'>Marked are words of the <del>reference</del> that the hypothesis has not, and words of the "
        f"<ins>hypothesis</ins> that the reference has not, by position. Ranked by segment {escape(label)}.</p>"
    )
    parts = [
        f"<details{' open' if index == 0 else ''}><summary>{escape(scores.system.label)}</summary>"
        f"{_worst_table(worst_segments(evaluation, scores, count), label)}</details>"
        for index, scores in enumerate(evaluation.systems)
    ]
    return _section(f"Worst {min(count, len(evaluation.test_set))} segments", intro + "".join(parts))


def _worst_table(segments: Sequence[WorstSegment], label: str) -> str:
    rows = "".join(
        f"<tr><td>{each.number}{_docid(each)}</td><td>{format_number(each.score, 1)}</td>"
        f"<td lang='de'>{escape(each.source)}</td><td>{_marked(each.reference, 'del')}</td>"
        f"<td>{_marked(each.hypothesis, 'ins')}{_remarks(each)}</td></tr>"
        for each in segments
    )
    return (
        f"<div class='scroll'><table class='texts'><thead><tr><th>No.</th><th>{escape(label)}</th><th>Source</th>"
        f"<th>Reference</th><th>Hypothesis</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _docid(segment: WorstSegment) -> str:
    return f"<small>{escape(segment.docid)}</small>" if segment.docid else ""


def _remarks(segment: WorstSegment) -> str:
    return "".join(f"<small class='remark'>{escape(remark)}</small>" for remark in segment.remarks)


def _marked(spans: Sequence[Span], tag: str) -> str:
    return "".join(_mark(span.text, tag) if span.changed else escape(span.text) for span in spans)


def _mark(text: str, tag: str) -> str:
    """The words marked, the space before them not."""
    words = text.lstrip()
    return f"{text[: len(text) - len(words)]}<{tag}>{escape(words)}</{tag}>" if words else text


def _signatures(evaluation: Evaluation) -> str:
    first = evaluation.systems[0]
    signatures = "".join(
        f"<dt>{escape(score.metric.label)}</dt><dd><code>{escape(score.signature)}</code></dd>"
        for score in first.metrics.values()
    )
    return (
        "<p>BLEU, chrF and TER are computed by sacrebleu; two scores are comparable where their signatures and test "
        f"sets are the same. Test set fingerprint <code>{evaluation.test_set.fingerprint}</code>.</p>"
        f"<dl>{signatures}</dl>"
    )
