"""Plots as inline SVG: no script, no font and no image from elsewhere; colours come from the page's style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Dot", "Point", "histogram", "interval_plot", "scatter_plot"]

Scale = Callable[[float], float]
"""From a value to a place in the drawing."""

_ROW = 26
_WIDTH = 640
_SMALL_WIDTH = 300


@dataclass(frozen=True, slots=True)
class Dot:
    """A score with its interval, if one is known."""

    label: str
    value: float
    low: float
    high: float
    text: str


@dataclass(frozen=True, slots=True)
class Point:
    """A system in a scatter plot."""

    label: str
    x: float
    y: float
    low: float
    high: float


def interval_plot(title: str, dots: Sequence[Dot]) -> str:
    """Systems below each other, each a dot with a bar from low to high."""
    left, right, top = _label_space(dot.label for dot in dots), 120, 30
    width, height = _WIDTH, top + _ROW * len(dots) + 34
    ticks = _ticks(min(dot.low for dot in dots), max(dot.high for dot in dots), 6)
    x = _scale(ticks[0], ticks[-1], left, width - right)
    parts = [_text(0, 16, title, "title")]
    bottom = top + _ROW * len(dots)
    parts += _vertical_grid(ticks, x, top, bottom)
    for row, dot in enumerate(dots):
        y = top + _ROW * row + _ROW / 2
        series = row % 8
        parts += [
            _text(left - 10, y + 4, _short(dot.label), "label end"),
            f'<line class="bar s{series}" x1="{x(dot.low):.1f}" x2="{x(dot.high):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>',
            f'<circle class="dot s{series}" cx="{x(dot.value):.1f}" cy="{y:.1f}" r="4.5"/>',
            _text(width - right + 12, y + 4, dot.text, "value"),
        ]
    described = "; ".join(f"{dot.label} {dot.text}" for dot in dots)
    return _svg(width, height, f"{title}: {described}", parts)


def scatter_plot(title: str, x_title: str, y_title: str, points: Sequence[Point]) -> str:
    """Quality against speed; the horizontal axis is logarithmic where the values span more than a factor of ten."""
    left, right, top, bottom = 64, 130, 48, 310
    width, height = _WIDTH, 360
    x_values = [point.x for point in points]
    logarithmic = max(x_values) > 10 * min(x_values) > 0
    x_ticks = _log_ticks(min(x_values), max(x_values)) if logarithmic else _ticks(0, max(x_values), 6)
    y_ticks = _ticks(min(point.low for point in points), max(point.high for point in points), 6)
    x_linear = _scale(_log(x_ticks[0], logarithmic), _log(x_ticks[-1], logarithmic), left, width - right)
    y = _scale(y_ticks[0], y_ticks[-1], bottom, top)
    parts = [_text(0, 16, title, "title")]
    parts += _vertical_grid(x_ticks, lambda value: x_linear(_log(value, logarithmic)), top, bottom)
    for tick in y_ticks:
        parts.append(f'<line class="grid" x1="{left}" x2="{width - right}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(_text(left - 8, y(tick) + 4, _tick_text(tick), "tick end"))
    for row, point in enumerate(points):
        at = x_linear(_log(point.x, logarithmic))
        low, high, series = y(point.low), y(point.high), row % 8
        parts += [
            f'<line class="bar s{series}" x1="{at:.1f}" x2="{at:.1f}" y1="{low:.1f}" y2="{high:.1f}"/>',
            f'<circle class="dot s{series}" cx="{at:.1f}" cy="{y(point.y):.1f}" r="5"/>',
            _text(at + 9, y(point.y) + 4, _short(point.label), "label"),
        ]
    parts.append(_text((left + width - right) / 2, bottom + 40, x_title, "axis middle"))
    parts.append(_text(left, top - 12, y_title, "axis middle"))
    described = "; ".join(f"{point.label} {point.x:.0f}, {point.y:.2f}" for point in points)
    return _svg(width, height, f"{title}: {described}", parts)


def histogram(title: str, values: Sequence[float], series: int, largest_share: float, bins: int = 20) -> str:
    """How many segments scored how much, from 0 to 100 (what lies above is counted at 100)."""
    left, right, top, bottom = 10, 16, 26, 116
    width, height = _SMALL_WIDTH, 144
    counts = bin_counts(values, bins)
    x = _scale(0, 100, left, width - right)
    y = _scale(0, largest_share, bottom, top)
    parts = [_text(0, 14, _short(title, 30), "title")]
    for index, count in enumerate(counts):
        share = count / max(1, len(values))
        start, stop = x(100 * index / bins), x(100 * (index + 1) / bins)
        parts.append(
            f'<rect class="area s{series % 8}" x="{start + 0.5:.1f}" width="{stop - start - 1:.1f}" '
            f'y="{y(share):.1f}" height="{bottom - y(share):.1f}"><title>{100 * index // bins} to '
            f"{100 * (index + 1) // bins}: {count} segments</title></rect>"
        )
    median = sorted(values)[len(values) // 2]
    at = x(min(100, median))
    parts.append(f'<line class="median" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
    parts.append(_text(width - right, 14, f"median {median:.1f}", "tick end"))
    parts.append(f'<line class="base" x1="{left}" x2="{width - right}" y1="{bottom}" y2="{bottom}"/>')
    parts += [_text(x(tick), bottom + 16, str(tick), "tick middle") for tick in (0, 25, 50, 75, 100)]
    return _svg(width, height, f"{title}: median {median:.1f}", parts)


def bin_counts(values: Sequence[float], bins: int) -> list[int]:
    """How many values fall into each of equal bins from 0 to 100."""
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, max(0, int(value * bins / 100)))] += 1
    return counts


def _vertical_grid(ticks: Sequence[float], x: Scale, top: float, bottom: float) -> list[str]:
    parts = []
    for tick in ticks:
        at = x(tick)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{top}" y2="{bottom}"/>')
        parts.append(_text(at, bottom + 18, _tick_text(tick), "tick middle"))
    return parts


def _svg(width: float, height: float, description: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width} {height}" style="max-width:{width}px" role="img" '
        f'aria-label="{escape(description, quote=True)}">{"".join(parts)}</svg>'
    )


def _text(x: float, y: float, text: str, classes: str) -> str:
    return f'<text class="{classes}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _short(label: str, longest: int = 28) -> str:
    return label if len(label) <= longest else label[: longest - 1] + "…"


def _label_space(labels: Iterable[str]) -> float:
    return min(220, 24 + 7.2 * max(len(_short(label)) for label in labels))


def _scale(low: float, high: float, start: float, stop: float) -> Scale:
    span = (high - low) or 1.0
    return lambda value: start + (value - low) / span * (stop - start)


def _ticks(low: float, high: float, count: int) -> list[float]:
    """Round numbers that enclose a range."""
    span = (high - low) or max(abs(high), 1.0) * 0.1
    step = 10 ** math.floor(math.log10(span / count))
    step *= next(factor for factor in (1, 2, 5, 10) if span / (step * factor) <= count)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    return [index * step for index in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def _log(value: float, logarithmic: bool) -> float:
    return math.log10(value) if logarithmic else value


def _tick_text(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.10f}".rstrip("0")
