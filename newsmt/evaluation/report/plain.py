"""Reports for terminals, job summaries and machines."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from typing import TYPE_CHECKING, Any

from newsmt._version import __version__
from newsmt.evaluation.record import as_json_text, as_record, describe_test_set, number
from newsmt.evaluation.report.tables import (
    SIGNIFICANT,
    Table,
    check_table,
    comparison_table,
    document_table,
    format_score,
    heading,
    paired_test_name,
    score_table,
    speed_note,
    speed_table,
)
from newsmt.evaluation.report.worst import worst_segments

if TYPE_CHECKING:
    from newsmt.evaluation.gate import Gate
    from newsmt.evaluation.scoring import Evaluation

__all__ = ["as_json", "as_junit", "as_markdown", "as_text"]

_WORST_IN_MARKDOWN = 3


def as_text(evaluation: Evaluation, gate: Gate | None = None) -> str:
    """The report for a terminal."""
    parts = [heading(evaluation)]
    for title, table in _tables(evaluation):
        parts.append(f"{title}\n{table.as_text()}" if title else table.as_text())
    if gate:
        parts.append(gate.as_text())
    parts.append("Signatures\n" + "\n".join(f"  {label}: {signature}" for label, signature in _signatures(evaluation)))
    return "\n\n".join(parts) + "\n"


def as_markdown(evaluation: Evaluation, gate: Gate | None = None) -> str:
    """The report as Markdown, fit for a job summary on GitHub."""
    parts = [f"## {heading(evaluation)}"]
    if gate:
        parts.append(gate.as_markdown())
    for title, table in _tables(evaluation):
        parts.append(f"**{title}**\n\n{table.as_markdown()}" if title else table.as_markdown())
    parts.append(_worst_in_markdown(evaluation))
    signatures = "\n".join(f"- {label}: `{signature}`" for label, signature in _signatures(evaluation))
    parts.append(f"<details><summary>Signatures</summary>\n\n{signatures}\n\n</details>")
    return "\n\n".join(parts) + "\n"


def as_json(evaluation: Evaluation, gate: Gate | None = None) -> str:
    """Everything but the texts, for machines."""
    report: dict[str, Any] = {
        "newsmt": __version__,
        "test_set": describe_test_set(evaluation.test_set),
        "systems": [as_record(evaluation.test_set, scores) for scores in evaluation.systems],
        "comparisons": [
            {
                "metric": each.key,
                "first": each.first,
                "second": each.second,
                "difference": number(each.difference),
                "p_value": number(each.p_value),
                "test": each.test,
            }
            for each in evaluation.comparisons
        ],
        "seed": evaluation.seed,
    }
    if gate:
        report["gate"] = gate.as_json()
    return as_json_text(report)


def as_junit(evaluation: Evaluation, gate: Gate | None = None) -> str:
    """JUnit XML: a test case per system and metric, failed where the gate found a regression."""
    suite = ElementTree.Element("testsuite", name=f"newsmt.{evaluation.test_set.name}")
    failures = 0
    for scores in evaluation.systems:
        for score in [*scores.metrics.values(), *scores.checks.values()]:
            case = _case(suite, scores.system.label, score.metric.label)
            if math.isnan(score.score):
                ElementTree.SubElement(case, "skipped", message="nothing to count in this test set")
            output = f"{format_score(score.metric, score.score)} {score.signature}"
            finding = gate.finding(scores.system.label, score.metric.key) if gate else None
            failures += _finish(case, output, finding.message if finding and finding.failed else None)
        finding = gate.finding(scores.system.label, "speed") if gate else None
        if finding:
            case = _case(suite, scores.system.label, "speed")
            failures += _finish(case, finding.message, finding.message if finding.failed else None)
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", "0")
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ElementTree.Element, system: str, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(suite, "testcase", classname=f"{suite.get('name')}.{system}", name=name)


def _finish(case: ElementTree.Element, output: str, failure: str | None) -> int:
    if failure:
        ElementTree.SubElement(case, "failure", message=failure, type="regression")
    ElementTree.SubElement(case, "system-out").text = output
    return int(failure is not None)


def _tables(evaluation: Evaluation) -> list[tuple[str, Table]]:
    candidates = [
        ("", score_table(evaluation)),
        ("Checks", check_table(evaluation)),
        ("Mean over documents", document_table(evaluation)),
        (f"Speed ({speed_note(evaluation)})", speed_table(evaluation)),
        (_comparison_title(evaluation), comparison_table(evaluation)),
    ]
    return [(title, table) for title, table in candidates if table is not None]


def _comparison_title(evaluation: Evaluation) -> str:
    first = evaluation.systems[0].system.label
    return f"Difference to {first} ({paired_test_name(evaluation)}; * where p < {SIGNIFICANT})"


def _signatures(evaluation: Evaluation) -> list[tuple[str, str]]:
    """Signatures are the same for all systems of a test set."""
    first = evaluation.systems[0]
    return [(score.metric.label, score.signature) for score in first.metrics.values()]


def _worst_in_markdown(evaluation: Evaluation) -> str:
    lines = []
    for scores in evaluation.systems:
        lines.append(f"- {scores.system.label}")
        for each in worst_segments(evaluation, scores, _WORST_IN_MARKDOWN):
            remarks = f" ({'; '.join(each.remarks)})" if each.remarks else ""
            hypothesis = "".join(span.text for span in each.hypothesis)
            lines.append(f"  - {each.number}{remarks}: {_code(each.source)} → {_code(hypothesis)}")
    return "<details><summary>Worst segments</summary>\n\n" + "\n".join(lines) + "\n\n</details>"


def _code(text: str) -> str:
    """Text of others as an inline code span, so that nothing in it is taken for Markdown or HTML."""
    fence = "`" * (_longest_fence(text) + 1)
    padding = " " if "`" in text else ""
    return f"{fence}{padding}{text}{padding}{fence}" if text else "(nothing)"


def _longest_fence(text: str) -> int:
    longest = current = 0
    for character in text:
        current = current + 1 if character == "`" else 0
        longest = max(longest, current)
    return longest
