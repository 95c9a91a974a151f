"""The field's own numbers: published BLEU, and sacrebleu's command line to the last digit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from newsmt.evaluation.metrics import MetricSpec
from newsmt.evaluation.scoring import ScoringOptions, evaluate
from newsmt.evaluation.systems import load_system
from newsmt.evaluation.testset import load_test_set

pytestmark = pytest.mark.shared
PUBLISHED = [
    ("wmt19", "bergamot-base", "40.8"),
    ("wmt19", "bergamot-tiny", "39.0"),
    ("wmt20", "bergamot-base", "39.8"),
    ("flores-dev", "bergamot-base", "41.6"),
]


@pytest.mark.parametrize(("name", "label", "bleu"), PUBLISHED)
def test_published_bleu(shared: Path, name: str, label: str, bleu: str) -> None:
    folder = shared / "testsets" / name
    published = json.loads((shared / "testsets" / "published.json").read_text(encoding="utf-8"))
    assert f"{published[name][label]['bleu']:.1f}" == bleu
    test_set = load_test_set(folder)
    system = load_system(label, test_set.systems[label], test_set)
    options = ScoringOptions(metrics=(MetricSpec("bleu"),), resamples=0)
    assert f"{evaluate(test_set, [system], options).systems[0]['bleu'].score:.1f}" == bleu


@pytest.mark.parametrize(
    ("name", "label", "lines", "metrics"),
    [
        ("wmt22", "PROMT", None, ("bleu",)),
        ("wmt20", "google", 30, ("bleu", "chrf", "ter")),
        ("wmt22", "LT22", 200, ("bleu", "chrf", "ter")),
    ],
)
def test_sacrebleus_command_line_to_the_last_digit(
    shared: Path, tmp_path: Path, name: str, label: str, lines: int | None, metrics: tuple[str, ...]
) -> None:
    """Single and multiple references, scores, intervals and signatures, ten decimals."""
    folder = _first_lines(shared / "testsets" / name, tmp_path / name, lines)
    test_set = load_test_set(folder)
    system = load_system(label, folder / "systems" / f"{label}.en", test_set)
    scores = evaluate(test_set, [system], ScoringOptions(metrics=tuple(MetricSpec(each) for each in metrics))).systems[
        0
    ]

    references = sorted(folder.glob("reference*.en"))
    command = [sys.executable, "-m", "sacrebleu", *references, "-i", folder / "systems" / f"{label}.en"]
    command += ["-m", *metrics, "--confidence", "-w", "10"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    printed = json.loads(done.stdout)  # a list, but for one metric only that one
    for entry, key in zip(printed if len(metrics) > 1 else [printed], metrics, strict=True):
        ours = scores[key]
        assert ours.metric.label == entry["name"]
        assert f"{ours.score:.10f}" == f"{entry['score']:.10f}"
        assert ours.interval is not None
        assert f"{ours.interval.mean:.10f}" == f"{entry['confidence_mean']:.10f}"
        assert f"{ours.interval.half:.10f}" == f"{entry['confidence_var']:.10f}"
        assert ours.signature == entry["signature"]


def _first_lines(source: Path, target: Path, lines: int | None) -> Path:
    if lines is None:
        return source
    for path in source.rglob("*"):
        if path.suffix in (".de", ".en"):
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            head = path.read_text(encoding="utf-8").split("\n")[:lines]
            copy.write_text("\n".join(head) + "\n", encoding="utf-8", newline="\n")
    return target


def test_a_filled_cache_needs_no_network(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "from newsmt.evaluation.testset import load_test_set; t = load_test_set('wmt20'); "
        "print(len(t), len(t.documents()), t.fingerprint)"
    )
    monkeypatch.setenv("SACREBLEU", str(shared / "sacrebleu"))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    directory = load_test_set(shared / "testsets" / "wmt20")
    assert done.stdout == f"785 0 {directory.fingerprint}\n"
