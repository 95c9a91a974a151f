from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import pytest

from newsmt.evaluation.gate import Finding, Gate
from newsmt.evaluation.generation import Generation, Speed, TimedPasses
from newsmt.evaluation.report import as_html, as_json, as_junit, as_markdown, as_text
from newsmt.evaluation.report.worst import word_differences, worst_segments
from newsmt.evaluation.scoring import Evaluation, evaluate
from newsmt.evaluation.systems import System
from newsmt.evaluation.testset import TestSet

GENERATION = Generation(
    model={"name": "mini", "hub_id": None, "revision": None, "fingerprint": "abc"},
    backend="ctranslate2",
    engine="ctranslate2 int8 cpu",
    scored="text",
    options={"beam_size": 4},
    threads=None,
    source_fingerprint="",
    hypotheses_fingerprint="",
    versions={},
    machine={"processor": "Testchip", "processors": 2, "system": "Linux"},
    speed=Speed(load_seconds=0.5, seconds=2.0, source_words=100, segments=12, peak_memory_bytes=200_000_000),
    timed=TimedPasses((0.5, 0.4), (1.0, 1.0, 1.0), (1.0, 0.8), (2.0, 2.0, 2.0), 40, 5, workers=2),
)


@pytest.fixture(scope="module")
def evaluation(test_set: TestSet, systems: list[System]) -> Evaluation:
    model = System("mini", systems[0].hypotheses, generation=GENERATION)
    return evaluate(test_set, [model, *systems[1:]])


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate(
        Path("base.json"),
        (
            Finding("mini", "bleu", "BLEU 50.00 → 40.00 (−10.00, p < 0.001)", failed=True),
            Finding("mini", "chrf", "chrF2 60.00 → 60.00"),
            Finding("mini", "speed", "speed 100 → 50 words per reference run (−50 %, allowed −25 %)", failed=True),
        ),
    )


class Page(HTMLParser):
    """Checks that every element is closed, and collects what a page would load."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "data")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_table_has_scores_intervals_checks_speed_and_signatures(evaluation: Evaluation) -> None:
    text = as_text(evaluation)
    bleu = evaluation.systems[0]["bleu"]
    assert bleu.interval is not None
    assert f"{bleu.score:.2f} ± {bleu.interval.half:.2f}" in text
    assert "dozen: 12 segments, 3 documents, 1 reference" in text
    assert "Difference to mini (paired bootstrap, 1,000 resamples" in text
    assert "Testchip, 2 processors; best of 2 passes over 5 segments" in text
    assert re.search(r"mini +ctranslate2 int8 cpu +all +4 +100 +12\.5 +\d+ +0\.50 +200\n", text)
    assert "nrefs:1|bs:1000|seed:12345|case:mixed|eff:no|tok:13a|smooth:exp|version:" in text


def test_columns_are_aligned(evaluation: Evaluation) -> None:
    header, rule, *rows = as_text(evaluation).split("\n\n")[1].splitlines()
    assert {len(line) for line in (header, rule, *rows)} == {len(rule)}


def test_markdown_is_a_table_with_the_best_in_bold(evaluation: Evaluation, gate: Gate) -> None:
    markdown = as_markdown(evaluation, gate)
    assert "| System | BLEU ↑ | chrF2 ↑ | TER ↓ |" in markdown
    assert re.search(r"\| mini \| \*\*[\d.]+ ± [\d.]+\*\* \|", markdown)
    assert markdown.index("❌ mini: BLEU") < markdown.index("✅ mini: chrF2")
    assert "**Gate against base.json: 2 of 3 fail**" in markdown


def test_json_has_every_number_and_no_text(evaluation: Evaluation, gate: Gate) -> None:
    report = json.loads(as_json(evaluation, gate))
    system = report["systems"][0]
    assert system["scores"]["bleu"]["score"] == pytest.approx(evaluation.systems[0]["bleu"].score, abs=1e-6)
    assert len(system["scores"]["ter"]["segments"]) == 12
    assert set(system["scores"]["bleu"]["documents"]["scores"]) == {"article-0", "article-1", "article-2"}
    assert system["generation"]["speed"]["words_per_second"] == 50.0
    assert system["generation"]["timed"]["relative"] == pytest.approx(90.0)
    assert len([each for each in report["comparisons"] if each["metric"] == "bleu"]) == 3
    assert report["gate"]["passed"] is False
    for text in (*evaluation.test_set.sources, *evaluation.systems[1].system.hypotheses):
        assert text not in as_json(evaluation, gate)


def test_junit_fails_exactly_the_regressions(evaluation: Evaluation, gate: Gate) -> None:
    suite = ElementTree.fromstring(as_junit(evaluation, gate)).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("tests")) == ("2", str(len(suite.findall("testcase"))))
    failed = {case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None}
    assert failed == {"BLEU", "speed"}


def test_the_page_stands_alone(evaluation: Evaluation, gate: Gate) -> None:
    text = as_html(evaluation, gate, worst=5)
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.loads == []
    assert "script" not in page.tags
    assert "@import" not in text
    assert "url(" not in text
    assert page.tags.count("svg") == 3 + 1 + 3  # intervals, speed, segments of each system
    assert "prefers-color-scheme:dark" in text
    assert text.count("class='texts'") == 3


def test_text_of_others_cannot_become_markup(test_set: TestSet) -> None:
    nasty = "<script>alert(1)</script> & `code` | **bold**"
    hostile = System(nasty, (nasty, *test_set.references[0][1:]))
    evaluation = evaluate(test_set, [hostile])
    page = as_html(evaluation)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert ElementTree.fromstring(as_junit(evaluation)).find("testsuite") is not None
    assert "``<script>alert(1)</script> & `code` | **bold** ``" in as_markdown(evaluation).replace("`` <", "``<")


def test_worst_segments_come_worst_first_with_remarks(evaluation: Evaluation) -> None:
    poor = evaluation.systems[2]
    worst = worst_segments(evaluation, poor, 12)
    scores = [each.score for each in worst]
    assert scores == sorted(scores)
    remarks = {each.number: each.remarks for each in worst}
    assert remarks[2] == ("numbers missing: 1200",)
    assert remarks[4] == ("numbers missing: 2.4", "repeats itself")
    assert remarks[5] == ("left in German",)


def test_word_differences_mark_words_and_lose_nothing() -> None:
    reference, hypothesis = word_differences("The port remained closed.", "The port stayed closed today.")
    assert "".join(span.text for span in reference) == "The port remained closed."
    assert "".join(span.text for span in hypothesis) == "The port stayed closed today."
    assert [span.text for span in reference if span.changed] == [" remained"]
    assert [span.text for span in hypothesis if span.changed] == [" stayed", " today"]


def test_reports_without_intervals(test_set: TestSet, systems: list[System]) -> None:
    from newsmt.evaluation.scoring import ScoringOptions

    evaluation = evaluate(test_set, systems, ScoringOptions(resamples=0))
    assert "±" not in as_text(evaluation)
    assert "Difference" not in as_text(evaluation)
    page = Page()
    page.feed(as_html(evaluation))
    assert page.open == []
