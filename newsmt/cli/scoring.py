"""Options and output that `newsmt evaluate` and `newsmt benchmark` share."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from newsmt.cli.stdout import write_stdout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from newsmt.evaluation.gate import Gate
    from newsmt.evaluation.runner import ModelRequest
    from newsmt.evaluation.scoring import Evaluation, ScoringOptions

__all__ = [
    "add_model_arguments",
    "add_report_arguments",
    "add_scoring_arguments",
    "model_requests",
    "print_report",
    "require_writable",
    "say",
    "scoring_options",
    "write_reports",
]

DEFAULT_OUTPUT = Path("newsmt-results")
FORMATS = ("table", "markdown", "json", "junit", "html")


def add_model_arguments(parser: argparse.ArgumentParser, *, required: bool) -> None:
    """Which models to run, and how."""
    parser.add_argument(
        "--model",
        nargs="+",
        action="extend",
        default=[],
        required=required,
        metavar="MODEL",
        help="models to run: names of `newsmt models list`, directories, or owner/name on the hub",
    )
    parser.add_argument(
        "--backend",
        nargs="+",
        action="extend",
        choices=["auto", "ctranslate2", "torch"],
        metavar="BACKEND",
        help="auto, ctranslate2, torch; several run each model on each (default: auto)",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--precision", default="auto", help="auto, int8, float32, float16 ... (default: auto)")
    parser.add_argument("--threads", type=int, help="processor threads (default: all that may be used)")
    parser.add_argument("--beam-size", type=int, default=4, metavar="N", help="default: %(default)s")
    parser.add_argument("--revision", help="branch, tag or commit of a model on the hub")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--displayed",
        dest="scored",
        action="store_const",
        const="text",
        default="text",
        help="score the text that users see (the default)",
    )
    which.add_argument(
        "--raw",
        dest="scored",
        action="store_const",
        const="hypothesis",
        help="score what the model wrote, before quotation marks and signs are restored",
    )


def add_scoring_arguments(parser: argparse.ArgumentParser) -> None:
    """Test set and metrics."""
    parser.add_argument(
        "--test-set",
        required=True,
        metavar="NAME|DIR",
        help="a name sacrebleu knows (wmt14 to wmt23), a directory with source.de and reference*.en, a .tsv or .jsonl",
    )
    parser.add_argument(
        "--metric",
        default="bleu,chrf,ter",
        metavar="NAMES",
        help="one or several of bleu, chrf, chrf++, ter (default: %(default)s)",
    )
    parser.add_argument("--tokenize", default="13a", help="BLEU's tokeniser: 13a, intl, char, none (default: 13a)")
    parser.add_argument("--lowercase", action="store_true", help="BLEU and chrF without regard to case")
    parser.add_argument(
        "--resamples",
        type=int,
        default=1000,
        metavar="N",
        help="bootstrap resamples for intervals and paired tests; 0 for neither (default: %(default)s)",
    )
    parser.add_argument(
        "--paired",
        choices=["bs", "ar", "none"],
        default="bs",
        help="test between systems: paired bootstrap, paired approximate randomisation, none (default: bs)",
    )
    parser.add_argument("--trials", type=int, default=10000, metavar="N", help="of --paired ar (default: %(default)s)")
    parser.add_argument("--jobs", type=int, metavar="N", help="processes for scoring (default: one per processor)")


def add_report_arguments(parser: argparse.ArgumentParser) -> None:
    """Where the reports go."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="DIR",
        help="write hypotheses, records and reports (HTML, Markdown, JSON, JUnit XML) here; "
        f"where models are run, default: {DEFAULT_OUTPUT}",
    )
    parser.add_argument("--format", choices=FORMATS, default="table", help="what to print on stdout (default: table)")
    parser.add_argument("--worst", type=int, default=20, metavar="N", help="worst segments per system in the HTML page")
    parser.add_argument("--quiet", action="store_true", help="only errors on stderr")


def require_writable(folder: Path, option: str) -> None:
    """Make the folder and try a file in it, so that an hour's work does not end at a read-only disk.

    option: what the folder was given by.
    Raises EvaluationError that names the folder and the reason.
    """
    from newsmt.errors import EvaluationError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except FileExistsError:
        raise EvaluationError(f"{folder} is a file, not a folder: choose another with {option}") from None
    except OSError as error:
        raise EvaluationError(
            f"the output folder {folder} cannot be written ({error.strerror or error}): choose another with {option}"
        ) from error


def scoring_options(arguments: argparse.Namespace) -> ScoringOptions:
    """The scoring asked for.

    Raises UsageError for a value that is not allowed.
    """
    from newsmt.errors import UsageError
    from newsmt.evaluation.machine import available_processors
    from newsmt.evaluation.metrics import parse_metrics
    from newsmt.evaluation.scoring import ScoringOptions

    for name, least in (("resamples", 0), ("trials", 1), ("jobs", 1), ("worst", 0)):
        value = getattr(arguments, name)
        if value is not None and value < least:
            raise UsageError(f"--{name} {value} is not allowed: expected {least} or more")
    metrics = parse_metrics(arguments.metric, tokenize=arguments.tokenize, lowercase=arguments.lowercase)
    return ScoringOptions(
        metrics=tuple(metrics),
        resamples=arguments.resamples,
        paired=None if arguments.paired == "none" else arguments.paired,
        trials=arguments.trials,
        jobs=arguments.jobs or available_processors(),
    )


def model_requests(arguments: argparse.Namespace) -> list[ModelRequest]:
    """Every model on every backend asked for."""
    from newsmt.evaluation.runner import ModelRequest
    from newsmt.options import DecodingOptions

    options = DecodingOptions(beam_size=arguments.beam_size)
    return [
        ModelRequest(
            model=model,
            backend=backend,
            device=arguments.device,
            precision=arguments.precision,
            threads=arguments.threads,
            revision=arguments.revision,
            options=options,
            scored=arguments.scored,
        )
        for model in arguments.model
        for backend in arguments.backend or ["auto"]
    ]


def print_report(evaluation: Evaluation, arguments: argparse.Namespace, gate: Gate | None = None) -> None:
    """The report on stdout, in the format asked for."""
    from newsmt.evaluation import report

    if arguments.format == "html":
        text = report.as_html(evaluation, gate, worst=arguments.worst)
    else:
        formats = {
            "table": report.as_text,
            "markdown": report.as_markdown,
            "json": report.as_json,
            "junit": report.as_junit,
        }
        text = formats[arguments.format](evaluation, gate)
    write_stdout(text)


def write_reports(
    evaluation: Evaluation, output: Path, arguments: argparse.Namespace, gate: Gate | None = None
) -> None:
    """A record per system, and the reports of the whole run, under OUTPUT/<test set>/."""
    from newsmt.evaluation import report
    from newsmt.evaluation.record import as_record, record_paths, write_record
    from newsmt.evaluation.systems import file_name
    from newsmt.textfile import write_text

    name = evaluation.test_set.name
    for scores in evaluation.systems:
        generation = scores.system.generation
        model = str(generation.model["name"]) if generation else scores.system.label
        paths = record_paths(output, name, model, generation.backend if generation else "file")
        write_record(paths.record, as_record(evaluation.test_set, scores))
    folder = output / file_name(name)
    reports = {
        "report.html": report.as_html(evaluation, gate, worst=arguments.worst),
        "report.md": report.as_markdown(evaluation, gate),
        "report.json": report.as_json(evaluation, gate),
        "junit.xml": report.as_junit(evaluation, gate),
    }
    for file, text in reports.items():
        write_text(folder / file, text, make_folder=True)
    say(arguments, [f"results are in {folder}"])


def say(arguments: argparse.Namespace, lines: Iterable[str]) -> None:
    """Progress and notes on stderr."""
    if not arguments.quiet:
        for line in lines:
            print(f"newsmt: {line}", file=sys.stderr)
