from __future__ import annotations

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER  # type: ignore[attr-defined]
from sacrebleu.significance import PairedTest

from newsmt.errors import UsageError
from newsmt.evaluation.checks import CHECKS, is_copied, is_repeating
from newsmt.evaluation.metrics import METRIC_NAMES, MetricSpec, SacrebleuMetric, parse_metrics
from newsmt.evaluation.scoring import Evaluation, ScoringOptions, evaluate, sum_counts
from newsmt.evaluation.significance import bootstrap_scores, interval
from newsmt.evaluation.systems import System
from newsmt.evaluation.testset import TestSet

ALL = tuple(MetricSpec(name) for name in METRIC_NAMES)


def sacrebleu_metric(name: str, **options: object) -> BLEU | CHRF | TER:
    if name == "bleu":
        return BLEU(**options)
    return TER(**options) if name == "ter" else CHRF(word_order=2 if name == "chrf++" else 0, **options)


@pytest.fixture(scope="module")
def evaluation(two_references: TestSet, systems: list[System]) -> Evaluation:
    return evaluate(two_references, systems, ScoringOptions(metrics=ALL))


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_corpus_scores_and_signatures_are_those_of_sacrebleu(
    name: str, two_references: TestSet, systems: list[System]
) -> None:
    """One system alone, with an interval, as `sacrebleu --confidence` has it."""
    system = systems[1]
    ours = evaluate(two_references, [system], ScoringOptions(metrics=(MetricSpec(name),))).systems[0][name]
    metric = sacrebleu_metric(name)
    theirs = metric.corpus_score(
        list(system.hypotheses), [list(r) for r in two_references.references], n_bootstrap=1000
    )

    assert ours.score == theirs.score
    assert ours.signature == str(metric.get_signature())
    assert ours.interval is not None
    assert (ours.interval.mean, ours.interval.half) == (float(theirs._mean), float(theirs._ci))


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_segment_scores_are_those_of_sacrebleu(name: str, evaluation: Evaluation) -> None:
    metric = sacrebleu_metric(name, **({"effective_order": True} if name == "bleu" else {}))
    test_set = evaluation.test_set
    for scores in evaluation.systems:
        expected = [
            metric.sentence_score(hypothesis, list(references)).score
            for hypothesis, references in zip(
                scores.system.hypotheses, zip(*test_set.references, strict=True), strict=True
            )
        ]
        assert list(scores[name].segments) == expected


@pytest.mark.parametrize("test", ["bs", "ar"])
def test_paired_tests_are_those_of_sacrebleu(test: str, two_references: TestSet, systems: list[System]) -> None:
    options = ScoringOptions(metrics=ALL, paired=test, trials=2000)  # type: ignore[arg-type]
    ours = evaluate(two_references, systems, options)
    metrics = {name: sacrebleu_metric(name) for name in METRIC_NAMES}
    _, theirs = PairedTest(
        [(system.label, list(system.hypotheses)) for system in systems],
        metrics,
        [list(reference) for reference in two_references.references],
        test_type=test,
        n_samples=1000 if test == "bs" else 2000,
    )()
    names = dict(zip(METRIC_NAMES, ("BLEU", "chrF2", "chrF2++", "TER"), strict=True))
    for key, name in names.items():
        for index, system in enumerate(systems):
            result = theirs[name][index]
            assert ours.systems[index][key].score == result.score
            if test == "bs":
                interval = ours.systems[index][key].interval
                assert interval is not None
                assert (interval.mean, interval.half) == (float(result.mean), float(result.ci))
            if index:
                comparison = ours.comparison(key, systems[0].label, system.label)
                assert comparison is not None
                assert comparison.p_value == result.p_value


def test_document_scores_are_those_of_each_document_alone(test_set: TestSet, systems: list[System]) -> None:
    scores = evaluate(test_set, systems[:1], ScoringOptions(metrics=ALL)).systems[0]
    for name in METRIC_NAMES:
        documents = scores[name].documents
        assert documents is not None
        for docid, segments in test_set.documents().items():
            hypotheses = [systems[0].hypotheses[index] for index in segments]
            references = [[test_set.references[0][index] for index in segments]]
            assert documents.scores[docid] == sacrebleu_metric(name).corpus_score(hypotheses, references).score
        assert documents.mean == pytest.approx(sum(documents.scores.values()) / 3)


def test_a_system_against_itself_differs_by_nothing(test_set: TestSet, systems: list[System]) -> None:
    twin = System("twin", systems[0].hypotheses)
    comparisons = evaluate(test_set, [systems[0], twin], ScoringOptions(metrics=ALL)).comparisons
    assert {comparison.difference for comparison in comparisons if comparison.key in METRIC_NAMES} == {0.0}


def test_worker_processes_change_nothing(test_set: TestSet, systems: list[System]) -> None:
    many = TestSet("many", test_set.sources * 60, (test_set.references[0] * 60,))
    repeated = [System(system.label, system.hypotheses * 60) for system in systems[:1]]
    options = ScoringOptions(metrics=(MetricSpec("bleu"), MetricSpec("ter")), resamples=0, paired=None, jobs=1)
    alone = evaluate(many, repeated, options).systems[0]
    shared = evaluate(
        many, repeated, ScoringOptions(metrics=options.metrics, resamples=0, paired=None, jobs=2)
    ).systems[0]
    for name in ("bleu", "ter"):
        assert alone[name].statistics == shared[name].statistics
        assert alone[name].score == shared[name].score


@pytest.mark.parametrize("name", METRIC_NAMES)
def test_many_scores_at_once_equal_each_alone(name: str) -> None:
    metric = SacrebleuMetric(MetricSpec(name))
    rng = np.random.default_rng(1)
    if name == "bleu":
        total = rng.integers(0, 30, (300, 4))
        counts = np.hstack([rng.integers(0, 40, (300, 2)), rng.integers(0, 31, (300, 4)) % (total + 1), total])
        counts[:, 6:] = np.where(np.cumsum(total == 0, axis=1) > 0, 0, total)  # higher orders end first
        counts[:, 2:6] = np.minimum(counts[:, 2:6], counts[:, 6:])
    elif name == "ter":
        counts = rng.integers(0, 5, (300, 2))
    else:
        orders = 8 if name == "chrf++" else 6
        hypothesis, reference = rng.integers(0, 9, (300, orders)), rng.integers(0, 9, (300, orders))
        match = np.minimum(np.minimum(hypothesis, reference), rng.integers(0, 9, (300, orders)))
        counts = np.stack([np.where(reference > 0, hypothesis, 0), reference, match], axis=2).reshape(300, -1)
    expected = [metric.score(row) for row in counts.tolist()]
    assert metric.scores(counts.astype(float)) == pytest.approx(expected, abs=1e-9)


def test_resampling_is_the_same_where_sums_are_not_exact(systems: list[System], test_set: TestSet) -> None:
    """Three references of different length give TER thirds, for which the shortcut is not taken."""
    references = [*test_set.references, tuple(reversed(test_set.references[0])), systems[2].hypotheses]
    metric = sacrebleu_metric("ter")
    theirs = metric.corpus_score(list(systems[1].hypotheses), [list(r) for r in references], n_bootstrap=200)
    ours = SacrebleuMetric(MetricSpec("ter"))
    statistics = ours.statistics(systems[1].hypotheses, references)
    assert any(not float(count).is_integer() for count in sum_counts(statistics))
    scores = bootstrap_scores(ours, statistics, 200, "12345")
    ours_interval = interval(scores, exact_mean=True)
    assert (ours_interval.mean, ours_interval.half) == (float(theirs._mean), float(theirs._ci))


def test_the_seed_is_sacrebleus(monkeypatch: pytest.MonkeyPatch, test_set: TestSet, systems: list[System]) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "7")
    options = ScoringOptions(metrics=(MetricSpec("bleu"),))
    first = evaluate(test_set, systems[:1], options).systems[0]["bleu"]
    metric = BLEU()
    theirs = metric.corpus_score(list(systems[0].hypotheses), [list(test_set.references[0])], n_bootstrap=1000)
    assert first.interval is not None
    assert first.interval.half == float(theirs._ci)
    assert "seed:7" in first.signature
    monkeypatch.setenv("SACREBLEU_SEED", "seven")
    with pytest.raises(UsageError, match="SACREBLEU_SEED='seven'"):
        evaluate(test_set, systems[:1], options)


def test_metric_names() -> None:
    assert [spec.name for spec in parse_metrics("BLEU, chrF2++,ter")] == ["bleu", "chrf++", "ter"]
    assert "lc" in SacrebleuMetric(parse_metrics("bleu", lowercase=True, tokenize="intl")[0]).signature(1)
    with pytest.raises(UsageError, match=r"no metric 'blue'.*did you mean bleu"):
        parse_metrics("blue")
    with pytest.raises(UsageError, match="--comet-python"):
        parse_metrics("comet")
    with pytest.raises(UsageError, match="given twice"):
        parse_metrics("chrf,chrf2")
    with pytest.raises(UsageError, match="no metric given"):
        parse_metrics(",")
    with pytest.raises(UsageError, match="tokenize='14a'"):
        parse_metrics("bleu", tokenize="14a")


def test_checks_of_the_three_systems(evaluation: Evaluation) -> None:
    checks = {scores.system.label: {key: scores[key].score for key in scores.checks} for scores in evaluation.systems}
    assert checks["good"]["numbers"] == 100.0
    assert checks["poor"]["numbers"] == pytest.approx(0.0)
    assert checks["good"]["copies"] == 0.0
    assert checks["poor"]["copies"] == pytest.approx(100 / 12)
    assert checks["good"]["repetitions"] == 0.0
    assert checks["poor"]["repetitions"] == pytest.approx(100 / 12)
    assert checks["poor"]["length"] < 0.8 < checks["good"]["length"] < 1.2
    assert [check.key for check in CHECKS] == ["numbers", "length", "copies", "repetitions"]


def test_nothing_to_count_is_no_number() -> None:
    wordy = TestSet("wordy", ("Nichts zu zählen.",), (("Nothing to count.",),))
    score = evaluate(wordy, [System("one", ("Nothing to count.",))]).systems[0]["numbers"]
    assert np.isnan(score.score)


@pytest.mark.parametrize(
    ("hypothesis", "copied"),
    [
        ("Der Trainer will mit jungen Spielern planen.", True),
        ("Yesterday der Trainer will mit jungen Spielern.", True),
        ("The coach wants to plan with young players.", False),
        ("", False),
    ],
)
def test_copies(hypothesis: str, copied: bool) -> None:
    assert is_copied("Der Trainer will mit jungen Spielern planen.", hypothesis, ["The coach plans."]) is copied


def test_names_that_stay_are_no_copies() -> None:
    source = "Tore: Anna Beispiel, Max Muster, Eva Test (90.)"
    assert not is_copied(source, "Goals: Anna Beispiel, Max Muster, Eva Test (90th)", ["Scorers: Beispiel, Muster"])
    assert not is_copied("Max Muster", "Max Muster", ["Max Muster"])


@pytest.mark.parametrize(
    ("source", "hypothesis", "repeats"),
    [
        ("Er kam.", "He came he came he came.", True),
        ("Er kam.", "He came, he came.", False),
        ("Nein, nein, nein!", "No, no, no!", False),
        ("Er kam.", "the the the", True),
    ],
)
def test_repetitions(source: str, hypothesis: str, repeats: bool) -> None:
    assert is_repeating(source, hypothesis, ["He came."]) is repeats
