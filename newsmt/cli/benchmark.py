"""`newsmt benchmark`: quality, speed and memory of models in one run, gated by a baseline."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from newsmt.cli.scoring import (
    DEFAULT_OUTPUT,
    add_model_arguments,
    add_report_arguments,
    add_scoring_arguments,
    model_requests,
    print_report,
    require_writable,
    say,
    scoring_options,
    write_reports,
)

if TYPE_CHECKING:
    from newsmt.evaluation.benchmark import BenchmarkOptions
    from newsmt.evaluation.gate import Baseline

__all__ = ["add_parser", "run"]

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "benchmark",
        help="measure quality, speed and memory of models, and compare with a baseline",
        description="Measure quality, speed and memory of models in one run. With a baseline, a metric that is worse "
        "by more than noise, or a speed that fell by more than allowed against a reference workload measured in the "
        "same run, can fail the build: exit code 4.",
        epilog="example: newsmt benchmark --test-set DIR --model opus-mt-de-en --baseline FILE --fail-on-regression",
    )
    add_scoring_arguments(parser)
    add_model_arguments(parser, required=True)
    parser.add_argument("--passes", type=int, default=3, metavar="N", help="timed passes (default: %(default)s)")
    parser.add_argument(
        "--timed-segments",
        type=int,
        default=200,
        metavar="N",
        help="segments per timed pass, spread over the test set (default: %(default)s)",
    )
    parser.add_argument("--baseline", metavar="FILE", help="compare with this baseline")
    parser.add_argument("--update-baseline", action="store_true", help="write the baseline from this run")
    parser.add_argument("--fail-on-regression", action="store_true", help="exit with code 4 on a regression")
    parser.add_argument(
        "--alpha", type=float, default=0.05, metavar="P", help="a metric fails below this p (default: %(default)s)"
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=0.1,
        metavar="POINTS",
        help="and if it is worse by more than this (default: %(default)s)",
    )
    parser.add_argument(
        "--speed-tolerance",
        type=float,
        default=0.25,
        metavar="SHARE",
        help="share of its relative speed that a model may lose (default: %(default)s)",
    )
    add_report_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check everything that can be wrong before a model is run, then measure, judge and report."""
    from newsmt.evaluation.benchmark import run_benchmark
    from newsmt.evaluation.gate import write_baseline
    from newsmt.evaluation.testset import load_test_set

    options = _options(arguments)
    baseline = _baseline(arguments)
    test_set = load_test_set(arguments.test_set)
    say(arguments, test_set.notes)
    output = Path(arguments.output) if arguments.output else DEFAULT_OUTPUT
    require_writable(output, "--output")
    if arguments.update_baseline:
        require_writable(Path(arguments.baseline).parent, "--baseline")
    arguments.threads = _threads(arguments, baseline)
    benchmark = run_benchmark(
        test_set,
        model_requests(arguments),
        options,
        baseline=None if arguments.update_baseline else baseline,
        output=output,
        say=lambda line: say(arguments, [line]),
    )
    for scores in benchmark.evaluation.systems:
        say(arguments, scores.system.notes)
    write_reports(benchmark.evaluation, output, arguments, benchmark.gate)
    print_report(benchmark.evaluation, arguments, benchmark.gate)
    if arguments.update_baseline:
        write_baseline(Path(arguments.baseline), benchmark.evaluation, baseline)
        say(arguments, [f"baseline written: {arguments.baseline}"])
    if benchmark.gate and arguments.fail_on_regression:
        benchmark.gate.require_passed()
    return 0


def _threads(arguments: argparse.Namespace, baseline: Baseline | None) -> int:
    """What was asked for, else as many as the baseline had, so that speeds compare, else all there are."""
    from newsmt.evaluation.machine import available_processors

    available = available_processors()
    if arguments.threads:
        return int(arguments.threads)
    if baseline and baseline.threads and baseline.threads <= available:
        return baseline.threads
    return available


def _options(arguments: argparse.Namespace) -> BenchmarkOptions:
    from newsmt.errors import UsageError
    from newsmt.evaluation.benchmark import BenchmarkOptions
    from newsmt.evaluation.gate import GateOptions

    if not arguments.baseline and (arguments.fail_on_regression or arguments.update_baseline):
        option = "--fail-on-regression" if arguments.fail_on_regression else "--update-baseline"
        raise UsageError(f"{option} needs a baseline: give --baseline FILE")
    if arguments.fail_on_regression and arguments.update_baseline:
        raise UsageError("--fail-on-regression and --update-baseline exclude each other: gate first, then update")
    return BenchmarkOptions(
        passes=arguments.passes,
        timed_segments=arguments.timed_segments,
        scoring=scoring_options(arguments),
        gate=GateOptions(
            alpha=arguments.alpha, tolerance=arguments.tolerance, speed_tolerance=arguments.speed_tolerance
        ),
    )


def _baseline(arguments: argparse.Namespace) -> Baseline | None:
    from newsmt.evaluation.gate import read_baseline

    if not arguments.baseline or (arguments.update_baseline and not Path(arguments.baseline).exists()):
        return None
    return read_baseline(Path(arguments.baseline))
