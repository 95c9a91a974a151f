"""Evaluation: test sets, scores with intervals and significance, speed and memory, reports, and a gate for CI."""

from newsmt.evaluation.metrics import METRIC_NAMES, MetricSpec, parse_metrics
from newsmt.evaluation.scoring import Evaluation, ScoringOptions, evaluate
from newsmt.evaluation.systems import System, load_system
from newsmt.evaluation.testset import TestSet, available_test_sets, load_test_set

__all__ = [
    "METRIC_NAMES",
    "Evaluation",
    "MetricSpec",
    "ScoringOptions",
    "System",
    "TestSet",
    "available_test_sets",
    "evaluate",
    "load_system",
    "load_test_set",
    "parse_metrics",
]
