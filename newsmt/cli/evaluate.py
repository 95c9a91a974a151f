"""`newsmt evaluate`: score models and outputs of other systems on a test set."""

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
    from newsmt.evaluation.systems import System
    from newsmt.evaluation.testset import TestSet

__all__ = ["add_parser", "run"]

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand."""
    parser = subparsers.add_parser(
        "evaluate",
        help="score models or existing outputs on a test set",
        description="Score models, or outputs of other systems, on a test set: BLEU, chrF, chrF++ and TER by sacrebleu "
        "with signatures, intervals and paired tests, and checks of numbers, length, untranslated text and repetition.",
        epilog="example: newsmt evaluate --test-set wmt19 --model opus-mt-de-en --system google=google.en",
    )
    add_scoring_arguments(parser)
    parser.add_argument(
        "--system",
        nargs="+",
        action="extend",
        default=[],
        metavar="LABEL=FILE",
        help="outputs of other systems, one line per segment; a LABEL alone takes systems/LABEL.en of the test set",
    )
    parser.add_argument("--all-systems", action="store_true", help="all outputs that lie beside the test set")
    add_model_arguments(parser, required=False)
    parser.add_argument("--force", action="store_true", help="translate again even where nothing has changed")
    add_report_arguments(parser)
    parser.add_argument(
        "--comet-python",
        metavar="PYTHON",
        help="score COMET too, by the Python of an environment that has unbabel-comet",
    )
    parser.add_argument("--comet-model", default="Unbabel/wmt22-comet-da", metavar="NAME", help="default: %(default)s")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Check everything that can be wrong before a model is run, then translate, score and report."""
    from newsmt.errors import UsageError
    from newsmt.evaluation.scoring import evaluate
    from newsmt.evaluation.testset import load_test_set

    options = scoring_options(arguments)
    test_set = load_test_set(arguments.test_set)
    say(arguments, test_set.notes)
    files = _systems_from_files(arguments, test_set)
    if not files and not arguments.model:
        beside = f"; beside the test set lie {', '.join(test_set.systems)} (--all-systems)" if test_set.systems else ""
        raise UsageError(f"nothing to score: give --model NAME or --system LABEL=FILE{beside}")
    output = Path(arguments.output) if arguments.output else DEFAULT_OUTPUT if arguments.model else None
    if output:
        require_writable(output, "--output")
    systems = [*files, *_systems_from_models(arguments, test_set, output, [system.label for system in files])]
    for system in systems:
        say(arguments, system.notes)
    evaluation = evaluate(test_set, systems, options)
    if arguments.comet_python:
        from newsmt.evaluation.comet import add_comet

        evaluation = add_comet(evaluation, python=arguments.comet_python, model=arguments.comet_model)
    if output:
        write_reports(evaluation, output, arguments)
    print_report(evaluation, arguments)
    return 0


def _systems_from_files(arguments: argparse.Namespace, test_set: TestSet) -> list[System]:
    from newsmt.evaluation.systems import load_system, parse_system, require_distinct_labels

    named = [parse_system(argument, test_set) for argument in arguments.system]
    if arguments.all_systems:
        given = {label for label, _ in named}
        named += [(label, path) for label, path in test_set.systems.items() if label not in given]
    require_distinct_labels(label for label, _ in named)
    return [load_system(label, path, test_set) for label, path in named]


def _systems_from_models(
    arguments: argparse.Namespace, test_set: TestSet, output: Path | None, taken: list[str]
) -> list[System]:
    if not arguments.model or output is None:
        return []
    from newsmt.evaluation.runner import generate, label_requests, resolve_request
    from newsmt.evaluation.systems import require_distinct_labels

    resolved = [resolve_request(request) for request in model_requests(arguments)]
    labels = label_requests([request for request, _ in resolved], [checkpoint.spec.name for _, checkpoint in resolved])
    require_distinct_labels([*taken, *labels])
    return [
        generate(
            request,
            checkpoint,
            test_set,
            output,
            label=label,
            force=arguments.force,
            say=lambda line: say(arguments, [line]),
        )
        for (request, checkpoint), label in zip(resolved, labels, strict=True)
    ]
