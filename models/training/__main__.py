"""Command line of the recipe: ``python -m models.training COMMAND RECIPE.toml RUN ...`` from the repository root."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.training.config import load_recipe

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one step of the recipe; 0 when it is done, 1 with a line on stderr when it cannot be."""
    options = _parser().parse_args(arguments)
    try:
        options.run_command(options)
    except (OSError, ValueError) as error:
        print(f"models.training: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, text: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.add_argument("recipe", type=Path, help="the model's TOML file")
        sub.add_argument("run", type=Path, help="folder of this run: large, resumable, never committed")
        sub.set_defaults(run_command=run)
        return sub

    prepare = command("prepare", _prepare, "read, filter, mix and encode the corpora")
    prepare.add_argument("--corpora", type=Path, required=True, help="folder of NAME.tsv.xz")
    prepare.add_argument("--scoring", type=Path, nargs="*", default=[], help="test sets nothing may be taken from")
    prepare.add_argument("--vocabulary", type=Path, help="SentencePiece model to keep, instead of training one")

    align = command("align", _align, "word alignments to guide the attention, and bilingual embeddings to start from")
    align.add_argument("--aligner", default="eflomal-align", help="eflomal's program (GPL, an environment of its own)")

    train = command("train", _train, "train, or go on training")
    train.add_argument("--threads", type=int, default=2, help="workers on a processor")
    train.add_argument("--until", metavar="HH:MM", help="stretch or shrink the remaining phases to end at that time")

    average = command("average", _average, "the mean of several runs' averaged weights, as a new run")
    average.add_argument("others", type=Path, nargs="+", help="runs to take the mean with")

    export = command("export", _export, "write the averaged weights as a Hugging Face Marian directory")
    export.add_argument("directory", type=Path)
    export.add_argument("--raw", action="store_true", help="the last weights, not the moving average")
    export.add_argument("--shard-megabytes", type=int, default=0, help="largest weight file (0: one file)")

    measure = command("measure", _measure, "score the exported model, greedy and beam 4, into RUN/scores.json")
    measure.add_argument("directory", type=Path, help="exported Marian directory")
    measure.add_argument("--test-sets", type=Path, nargs="+", required=True)

    card = command("card", _card, "write card.json and README.md from the records of the run and measured scores")
    card.add_argument("directory", type=Path)
    card.add_argument("--scores", type=Path, required=True, help="what measure wrote")
    card.add_argument(
        "--history", type=Path, help="JSON of the training before this run, where it went on from a model"
    )

    curve = command("curve", _curve, "draw the learning curve")
    curve.add_argument("image", type=Path)
    return parser


def _prepare(options: argparse.Namespace) -> None:
    from models.training.prepare import prepare

    prepare(
        load_recipe(options.recipe),
        options.corpora,
        options.run,
        scoring=options.scoring,
        vocabulary=options.vocabulary,
    )


def _align(options: argparse.Namespace) -> None:
    from models.training.alignment import align_run

    align_run(load_recipe(options.recipe), options.run, aligner=options.aligner)


def _train(options: argparse.Namespace) -> None:
    from models.training.train import TrainingRun, next_deadline

    deadline = next_deadline(options.until) if options.until else None
    run = TrainingRun(load_recipe(options.recipe), options.run, threads=options.threads, deadline=deadline)
    print(run.train(), flush=True)


def _average(options: argparse.Namespace) -> None:
    from models.training.average import average_runs

    average_runs(options.run, options.others)


def _export(options: argparse.Namespace) -> None:
    from models.training.export import export_run

    export_run(
        load_recipe(options.recipe),
        options.run,
        options.directory,
        raw=options.raw,
        shard_bytes=options.shard_megabytes * 2**20,
    )


def _measure(options: argparse.Namespace) -> None:
    from models.training.card import measure
    from models.training.records import write_json

    write_json(options.run / "scores.json", measure(options.directory, options.test_sets))


def _card(options: argparse.Namespace) -> None:
    from models.training.card import write_card

    write_card(
        load_recipe(options.recipe), options.run, options.directory, scores=options.scores, history=options.history
    )


def _curve(options: argparse.Namespace) -> None:
    from models.training.records import plot_curve

    plot_curve(options.run, options.image)


if __name__ == "__main__":
    sys.exit(main())
