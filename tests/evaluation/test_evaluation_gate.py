"""The gate, with runs that are scripted: hypotheses and seconds are given, everything after them is real."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from dozen import outputs_of

from newsmt.errors import EvaluationError, RegressionError, UsageError
from newsmt.evaluation.benchmark import Benchmark, BenchmarkOptions, run_benchmark, spread
from newsmt.evaluation.gate import GateOptions, decode_counts, encode_counts, read_baseline, write_baseline
from newsmt.evaluation.generation import TimedPasses
from newsmt.evaluation.metrics import MetricSpec
from newsmt.evaluation.runner import ModelRequest, Run
from newsmt.evaluation.scoring import ScoringOptions
from newsmt.evaluation.testset import TestSet

MODEL = ModelRequest(model="newsmt-mini-de-en")
OPTIONS = BenchmarkOptions(scoring=ScoringOptions(metrics=(MetricSpec("bleu"), MetricSpec("chrf"))))


@dataclass
class Script:
    """Runs that give these hypotheses and take these seconds of processors; the last seconds are repeated.

    wait: how many times as long they take by the clock, because others use the processors.
    """

    outputs: Sequence[str]
    seconds: list[float] = field(default_factory=lambda: [1.0])
    reference: float = 0.5
    wait: float = 1.0
    calls: int = 0

    def __call__(
        self, request: ModelRequest, sources: Sequence[str], *, passes: int = 0, sample: Sequence[int] = ()
    ) -> Run:
        seconds = self.seconds[min(self.calls, len(self.seconds) - 1)]
        self.calls += 1
        lines = tuple(self.outputs[: len(sources)])
        return Run(
            texts=lines,
            hypotheses=lines,
            engine="scripted",
            load_seconds=0.1,
            seconds=seconds,
            peak_memory_bytes=None,
            passes=(seconds * self.wait,) * passes,
            reference_passes=(self.reference * self.wait,) * (passes + 1),
            processor_passes=(seconds,) * passes,
            reference_processor_passes=(self.reference,) * (passes + 1),
            workers=1,
            warnings={},
            machine={"processor": "scripted", "processors": 1, "system": "none"},
            versions={},
        )


def bench(
    test_set: TestSet, script: Script, baseline: Path | None = None, options: BenchmarkOptions = OPTIONS
) -> Benchmark:
    return run_benchmark(test_set, [MODEL], options, baseline=read_baseline(baseline) if baseline else None, run=script)


@pytest.fixture
def baseline(test_set: TestSet, tmp_path: Path) -> Path:
    path = tmp_path / "baseline.json"
    write_baseline(path, bench(test_set, Script(outputs_of("good"))).evaluation)
    return path


def test_the_same_model_never_fails(test_set: TestSet, baseline: Path) -> None:
    for _ in range(10):
        gate = bench(test_set, Script(outputs_of("good")), baseline).gate
        assert gate is not None
        assert not gate.regressions
        gate.require_passed()
    assert {finding.key for finding in gate.findings} == {"bleu", "chrf", "numbers", "copies", "repetitions", "speed"}


def test_a_worse_model_fails(test_set: TestSet, baseline: Path) -> None:
    gate = bench(test_set, Script(outputs_of("poor")), baseline).gate
    assert gate is not None
    assert {finding.key for finding in gate.regressions} >= {"bleu", "chrf", "numbers"}
    with pytest.raises(RegressionError, match=r"newsmt-mini-de-en: BLEU .* → .*; if this is intended") as error:
        gate.require_passed()
    assert error.value.exit_code == 4


def test_a_better_model_passes(test_set: TestSet, tmp_path: Path) -> None:
    path = tmp_path / "poor.json"
    write_baseline(path, bench(test_set, Script(outputs_of("poor"))).evaluation)
    gate = bench(test_set, Script(outputs_of("good")), path).gate
    assert gate is not None
    assert not gate.regressions


def test_noise_does_not_fail(test_set: TestSet, tmp_path: Path) -> None:
    """As many segments get better as get worse: the score moves, the paired test finds nothing."""
    many = TestSet("many", test_set.sources * 5, (test_set.references[0] * 5,))
    good, fair = outputs_of("good") * 5, outputs_of("fair") * 5
    rng = random.Random(3)
    first = [rng.choice(pair) for pair in zip(good, fair, strict=True)]
    second = [rng.choice(pair) for pair in zip(good, fair, strict=True)]
    texts = []
    for before, after in ((first, second), (second, first)):
        path = tmp_path / "noise.json"
        write_baseline(path, bench(many, Script(before)).evaluation)
        benchmark = bench(many, Script(after), path)
        assert benchmark.gate is not None
        assert not benchmark.gate.regressions, benchmark.gate.as_text()
        texts.append(benchmark.gate.as_text())
    assert "within noise" in "".join(texts)


def test_a_small_but_certain_loss_is_tolerated_up_to_the_tolerance(test_set: TestSet, baseline: Path) -> None:
    lenient = replace(OPTIONS, gate=GateOptions(tolerance=100))
    gate = bench(test_set, Script(outputs_of("poor")), baseline, lenient).gate
    assert gate is not None
    assert not gate.regressions
    assert "tolerated" in gate.as_text()


def test_a_slower_model_fails_after_it_was_measured_again(test_set: TestSet, baseline: Path) -> None:
    script = Script(outputs_of("good"), seconds=[2.0])
    gate = bench(test_set, script, baseline).gate
    assert gate is not None
    assert [finding.key for finding in gate.regressions] == ["speed"]
    assert "−50 %" in gate.regressions[0].message
    assert script.calls == 1 + OPTIONS.retries


def test_a_slow_moment_passes(test_set: TestSet, baseline: Path) -> None:
    script = Script(outputs_of("good"), seconds=[2.0, 1.0])
    gate = bench(test_set, script, baseline).gate
    assert gate is not None
    assert not gate.regressions
    assert script.calls == 2


def test_a_slower_machine_passes(test_set: TestSet, baseline: Path) -> None:
    """Model and reference workload both take four times as long."""
    gate = bench(test_set, Script(outputs_of("good"), seconds=[4.0], reference=2.0), baseline).gate
    assert gate is not None
    assert not gate.regressions


def scripted_passes(**changed: object) -> TimedPasses:
    passes = TimedPasses((1.0,), (0.5, 0.5), (1.0,), (0.5, 0.5), source_words=100, segments=10, workers=1)
    return replace(passes, **changed)


def test_a_busy_machine_is_judged_by_processor_time(test_set: TestSet, baseline: Path) -> None:
    busy = Script(outputs_of("good"), seconds=[1.1], wait=9.0)
    gate = bench(test_set, busy, baseline).gate
    assert gate is not None
    assert not gate.regressions
    assert "by processor time, for the machine was busy" in gate.as_text()
    busy = Script(outputs_of("good"), seconds=[1.5], wait=9.0)
    gate = bench(test_set, busy, baseline).gate
    assert gate is not None
    assert [finding.key for finding in gate.regressions] == ["speed"]


def test_idle_processors_count_on_a_quiet_machine_only() -> None:
    """By the clock the pass waits for something: on a quiet machine that is the model's own fault."""
    assert scripted_passes(passes=(2.0,)).relative == pytest.approx(25.0)
    busy = scripted_passes(passes=(2.0,), reference_passes=(0.9, 0.9))
    assert not busy.undisturbed
    assert busy.relative == pytest.approx(50.0)
    gpu = scripted_passes(passes=(2.0,), processor_passes=(), reference_processor_passes=())
    assert gpu.undisturbed
    assert gpu.relative_by_processor is None
    assert gpu.relative == pytest.approx(25.0)


def test_speed_is_not_compared_across_engines(test_set: TestSet, baseline: Path) -> None:
    entry = json.loads(baseline.read_text(encoding="utf-8"))
    entry["systems"]["newsmt-mini-de-en"]["speed"]["engine"] = "other"
    baseline.write_text(json.dumps(entry), encoding="utf-8")
    gate = bench(test_set, Script(outputs_of("good"), seconds=[9.0]), baseline).gate
    assert gate is not None
    assert not gate.regressions
    assert "speed not compared: engine was 'other' and is 'scripted'" in gate.as_text()


def test_a_baseline_of_another_test_set(two_references: TestSet, baseline: Path) -> None:
    with pytest.raises(EvaluationError, match=r"is of another test set: dozen .* this run scores dozen-2"):
        bench(two_references, Script(outputs_of("good")), baseline)


def test_a_baseline_of_another_signature(test_set: TestSet, baseline: Path) -> None:
    other = replace(OPTIONS, scoring=ScoringOptions(metrics=(MetricSpec("bleu", tokenize="intl"), MetricSpec("chrf"))))
    with pytest.raises(
        EvaluationError, match=r"BLEU of newsmt-mini-de-en with signature .*tok:13a.* this run has .*tok:intl"
    ):
        bench(test_set, Script(outputs_of("good")), baseline, other)


def test_a_baseline_of_other_systems(test_set: TestSet, baseline: Path) -> None:
    entry = json.loads(baseline.read_text(encoding="utf-8"))
    entry["systems"] = {"another": entry["systems"]["newsmt-mini-de-en"]}
    baseline.write_text(json.dumps(entry), encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"none of the systems of this run \(newsmt-mini-de-en\); it has another"):
        bench(test_set, Script(outputs_of("good")), baseline)


@pytest.mark.parametrize("content", ["", "[]", '{"format": 99}', '{"format": 1, "test_set": {}}'])
def test_a_file_that_is_no_baseline(tmp_path: Path, content: str) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EvaluationError, match="is no baseline of format 1"):
        read_baseline(path)


def test_no_baseline_says_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="write a baseline first, with --update-baseline"):
        read_baseline(tmp_path / "none.json")


def test_updating_keeps_other_systems_of_the_same_test_set(test_set: TestSet, baseline: Path) -> None:
    entry = json.loads(baseline.read_text(encoding="utf-8"))
    entry["systems"]["another"] = entry["systems"]["newsmt-mini-de-en"]
    baseline.write_text(json.dumps(entry), encoding="utf-8")
    evaluation = bench(test_set, Script(outputs_of("fair"))).evaluation
    write_baseline(baseline, evaluation, read_baseline(baseline))
    assert set(read_baseline(baseline).systems) == {"another", "newsmt-mini-de-en"}


def test_a_metric_that_the_baseline_lacks_is_said(test_set: TestSet, baseline: Path) -> None:
    more = replace(OPTIONS, scoring=ScoringOptions(metrics=(MetricSpec("bleu"), MetricSpec("ter"))))
    gate = bench(test_set, Script(outputs_of("good")), baseline, more).gate
    assert gate is not None
    finding = gate.finding("newsmt-mini-de-en", "ter")
    assert finding is not None
    assert "not in the baseline" in finding.message


def test_counts_survive_the_file() -> None:
    counts = [[1.0, 2.5, 0.0], [3.0, 1 / 3, 1e-20]]
    assert decode_counts(json.loads(json.dumps(encode_counts(counts)))) == counts


def test_the_relative_speed_is_the_median_against_its_neighbours() -> None:
    timed = TimedPasses(
        passes=(1.0, 2.0, 10.0),
        reference_passes=(1.0, 1.0, 3.0, 3.0),
        processor_passes=(1.0, 2.0, 10.0),
        reference_processor_passes=(1.0, 1.0, 3.0, 3.0),
        source_words=100,
        segments=10,
        workers=1,
    )
    assert timed.relative == pytest.approx(100.0)
    assert timed.words_per_second == pytest.approx(100.0)


def test_the_sample_is_spread_evenly() -> None:
    assert spread(10, 4) == [0, 2, 5, 7]
    assert spread(3, 4) == [0, 1, 2]


@pytest.mark.parametrize("wrong", [{"passes": 0}, {"timed_segments": 0}])
def test_options_out_of_range(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match="is not allowed"):
        BenchmarkOptions(**wrong)
    with pytest.raises(UsageError, match="alpha=2"):
        GateOptions(alpha=2)


def test_the_gate_needs_resamples(test_set: TestSet, baseline: Path) -> None:
    none = replace(OPTIONS, scoring=ScoringOptions(metrics=(MetricSpec("bleu"),), resamples=0))
    with pytest.raises(UsageError, match="needs resamples"):
        bench(test_set, Script(outputs_of("good")), baseline, none)
