"""Tables of an evaluation, as rows of text that terminal, Markdown and HTML share."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from newsmt.evaluation.machine import is_busy

if TYPE_CHECKING:
    from newsmt.evaluation.generation import Generation
    from newsmt.evaluation.metrics import Metric
    from newsmt.evaluation.scoring import Comparison, Evaluation, MetricScore

__all__ = [
    "SIGNIFICANT",
    "Cell",
    "Table",
    "check_table",
    "comparison_table",
    "document_table",
    "format_difference",
    "format_number",
    "format_p_value",
    "format_score",
    "heading",
    "is_improvement",
    "paired_test_name",
    "score_table",
    "speed_note",
    "speed_table",
]

SIGNIFICANT = 0.05
MISSING = "–"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a table; the best of a column is marked."""

    text: str
    best: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers: the first column is left-aligned text, the others are right-aligned values."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def as_text(self) -> str:
        """Aligned columns for a terminal."""
        texts = [self.headers, *(tuple(cell.text for cell in row) for row in self.rows)]
        widths = [max(_width(row[column]) for row in texts) for column in range(len(self.headers))]
        lines = ["  ".join(_pad(text, widths[column], column) for column, text in enumerate(row)) for row in texts]
        return "\n".join(line.rstrip() for line in [lines[0], "  ".join("-" * width for width in widths), *lines[1:]])

    def as_markdown(self) -> str:
        """A Markdown table; the best of a column is bold."""
        rows = [[f"**{cell.text}**" if cell.best else cell.text for cell in row] for row in self.rows]
        rule = ["---", *["---:"] * (len(self.headers) - 1)]
        return "\n".join(
            "| " + " | ".join(text.replace("|", "\\|") for text in row) + " |" for row in [self.headers, rule, *rows]
        )


def heading(evaluation: Evaluation) -> str:
    """What was evaluated, in one line."""
    test_set = evaluation.test_set
    documents = test_set.documents()
    parts = [
        f"{len(test_set):,} segments",
        *([f"{len(documents):,} documents"] if documents else []),
        f"{len(test_set.references)} reference{'s' if len(test_set.references) > 1 else ''}",
        f"{test_set.source_words:,} source words",
    ]
    return f"{test_set.name}: {', '.join(parts)}"


def score_table(evaluation: Evaluation) -> Table:
    """Systems by metrics, scores with their intervals."""
    columns = [_column(evaluation, metric) for metric in evaluation.metrics]
    return _by_system(evaluation, [_arrow(metric) for metric in evaluation.metrics], columns)


def check_table(evaluation: Evaluation) -> Table:
    """Systems by checks."""
    columns = [_column(evaluation, metric, with_interval=False) for metric in evaluation.checks]
    return _by_system(evaluation, [_arrow(metric) for metric in evaluation.checks], columns)


def document_table(evaluation: Evaluation) -> Table | None:
    """Systems by metrics, the mean over documents; None where documents are not known."""
    if not evaluation.test_set.documents():
        return None
    columns = [
        [
            Cell(format_score(metric, scores[metric.key].documents.mean))  # type: ignore[union-attr]
            for scores in evaluation.systems
        ]
        for metric in evaluation.metrics
    ]
    return _by_system(evaluation, [_arrow(metric) for metric in evaluation.metrics], columns)


def speed_table(evaluation: Evaluation) -> Table | None:
    """Models by speed and memory; None where newsmt ran no model."""
    generations = [
        (scores.system.label, scores.system.generation) for scores in evaluation.systems if scores.system.generation
    ]
    if not generations:
        return None
    timed = any(generation.timed for _, generation in generations)
    headers = ["System", "Engine", "Threads", "Beam", "Words/s", "Segments/s"]
    headers += ["Words/ref."] if timed else []
    rows = [tuple(Cell(text) for text in _speed_texts(label, generation, timed)) for label, generation in generations]
    return Table((*headers, "Load s", "Memory MB"), tuple(rows))


def speed_note(evaluation: Evaluation) -> str:
    """How the speeds were measured and on what."""
    notes: dict[str, None] = {}
    for scores in evaluation.systems:
        if generation := scores.system.generation:
            machine = generation.machine
            timed = generation.timed
            how = f"best of {len(timed.passes)} passes over {timed.segments} segments" if timed else "one pass"
            busy = f", busy with other work (load {machine['load']:.0f})" if is_busy(machine) else ""
            notes[f"{machine.get('processor')}, {machine.get('processors')} processors{busy}; {how}"] = None
    return "; ".join(notes)


def _speed_texts(label: str, generation: Generation, timed: bool) -> list[str]:
    speed, passes = generation.speed, generation.timed
    memory = MISSING if speed.peak_memory_bytes is None else f"{speed.peak_memory_bytes / 1e6:,.0f}"
    measured = passes or speed
    return [
        label,
        generation.engine,
        str(generation.threads or "all"),
        str(generation.options.get("beam_size", MISSING)),
        f"{measured.words_per_second:,.0f}",
        f"{measured.segments_per_second:,.1f}",
        *([f"{passes.relative:,.0f}" if passes else MISSING] if timed else []),
        f"{speed.load_seconds:.2f}",
        memory,
    ]


def comparison_table(evaluation: Evaluation) -> Table | None:
    """Every other system against the first, with p-values; None without paired tests."""
    if not evaluation.comparisons:
        return None
    first, *others = [scores.system.label for scores in evaluation.systems]
    metrics = evaluation.metrics
    rows = []
    for other in others:
        cells = [Cell(other)]
        for metric in metrics:
            comparison = evaluation.comparison(metric.key, first, other)
            cells.append(Cell(MISSING if comparison is None else _difference_with_p_value(metric, comparison)))
        rows.append(tuple(cells))
    return Table(("System", *(f"Δ {metric.label}" for metric in metrics)), tuple(rows))


def paired_test_name(evaluation: Evaluation) -> str:
    """The paired test in words."""
    if evaluation.options.paired == "ar":
        return f"paired approximate randomisation, {evaluation.options.trials:,} trials"
    return f"paired bootstrap, {evaluation.options.resamples:,} resamples"


def is_improvement(metric: Metric, difference: float) -> bool:
    """Whether a difference is for the better."""
    return difference > 0 if metric.higher_is_better else difference < 0


def format_score(metric: Metric, score: float) -> str:
    """A score with the decimals and unit of its metric."""
    return format_number(score, metric.decimals) + metric.unit


def format_number(value: float, decimals: int) -> str:
    """A number with fixed decimals, or a dash for what is not a number."""
    return MISSING if math.isnan(value) else f"{value:,.{decimals}f}"


def format_difference(metric: Metric, difference: float) -> str:
    """A signed difference with a true minus sign."""
    if math.isnan(difference):
        return MISSING
    return f"{difference:+,.{metric.decimals}f}".replace("-", "−") if difference else f"{0:.{metric.decimals}f}"


def format_p_value(p_value: float) -> str:
    """A p-value with the digits that matter."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _difference_with_p_value(metric: Metric, comparison: Comparison) -> str:
    if not comparison.difference:
        return format_difference(metric, 0.0)  # sacrebleu's p-value of no difference is small, and means nothing
    mark = "*" if comparison.p_value < SIGNIFICANT else ""
    return f"{format_difference(metric, comparison.difference)}{mark} ({format_p_value(comparison.p_value)})"


def _arrow(metric: Metric) -> str:
    if metric.key == "length":
        return metric.label  # neither high nor low is good
    return f"{metric.label} {'↑' if metric.higher_is_better else '↓'}"


def _by_system(evaluation: Evaluation, headers: Sequence[str], columns: Sequence[Sequence[Cell]]) -> Table:
    labels = [Cell(scores.system.label) for scores in evaluation.systems]
    return Table(("System", *headers), tuple(zip(labels, *columns, strict=True)))


def _column(evaluation: Evaluation, metric: Metric, *, with_interval: bool = True) -> list[Cell]:
    scores = [each[metric.key] for each in evaluation.systems]
    known = [each.score for each in scores if not math.isnan(each.score)]
    best = (max if metric.higher_is_better else min)(known, default=math.nan)
    marked = len(set(known)) > 1 and metric.key != "length"
    return [Cell(_score_text(each, with_interval), best=marked and each.score == best) for each in scores]


def _score_text(score: MetricScore, with_interval: bool) -> str:
    text = format_score(score.metric, score.score)
    if with_interval and score.interval:
        return f"{text} ± {format_number(score.interval.half, score.metric.decimals)}"
    return text


def _pad(text: str, width: int, column: int) -> str:
    space = " " * (width - _width(text))
    return text + space if column == 0 else space + text


def _width(text: str) -> int:
    """Columns a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
