"""`newsmt models`: which models there are, fetching them, checking them, converting them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.errors import ModelFilesError, UsageError

if TYPE_CHECKING:
    from newsmt.checkpoint import ModelSpec
    from newsmt.verification import FileCheck

    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

__all__ = ["add_parser", "run"]

NAME_HELP = "a name of `newsmt models list`, owner/name on the hub, or a directory"


def add_parser(subparsers: Subparsers) -> None:
    """Add the subcommand with its four actions."""
    parser = subparsers.add_parser(
        "models", help="list, fetch, verify and convert models", description="Models: names, files, conversions."
    )
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="the models newsmt knows by name, and which are on this machine")
    listing.add_argument("--format", choices=["text", "json"], default="text", help="default: text")
    listing.set_defaults(run=run, action=_list)

    fetching = actions.add_parser(
        "fetch",
        help="bring a model into the cache of this machine",
        description="Fetch a model from the hub, or what is missing or damaged of it; offline if all is there.",
    )
    fetching.add_argument("name", metavar="NAME", help=NAME_HELP)
    fetching.add_argument("--revision", help="branch, tag or commit, instead of the pinned one")
    fetching.add_argument("--quiet", action="store_true", help="no progress bar")
    fetching.set_defaults(run=run, action=_fetch)

    verifying = actions.add_parser(
        "verify",
        help="read a model's files and compare them with what they should be",
        description="Compare the files of a model on this machine with their pins, the hub's hashes and, for "
        "opus-mt-de-en, its conversion with the published one. Without NAME: every known model on this machine.",
    )
    verifying.add_argument("name", nargs="?", metavar="NAME", help=NAME_HELP)
    verifying.add_argument("--revision", help="branch, tag or commit, instead of the pinned one")
    verifying.set_defaults(run=run, action=_verify)

    converting = actions.add_parser(
        "convert",
        help="convert a checkpoint to CTranslate2, without torch",
        description="Write a model as a CTranslate2 directory, which --model then takes anywhere.",
    )
    converting.add_argument("source", metavar="SOURCE", help=NAME_HELP)
    converting.add_argument("destination", metavar="DEST", help="a directory that does not exist yet")
    converting.add_argument("--precision", default="int8", help="int8 (default), float32, float16, int8_float16 ...")
    converting.set_defaults(run=run, action=_convert)


def run(arguments: argparse.Namespace) -> int:
    """Run the action that was named."""
    code: int = arguments.action(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    from newsmt.registry import available_models

    entries = [_entry(spec) for spec in available_models()]
    if arguments.format == "json":
        print(json.dumps(entries, ensure_ascii=False, indent=2))
        return 0
    rows = [
        (
            entry["name"],
            entry["task"],
            _languages(entry),
            entry["licence"] + (" *" if entry["non_commercial"] else ""),
            _megabytes(entry["size_bytes"]),
            entry["state"],
            (entry["hub_id"] or "") + (f"@{entry['revision'][:7]}" if entry["revision"] else ""),
        )
        for entry in entries
    ]
    _print_table(("NAME", "TASK", "LANG", "LICENCE", "SIZE", "STATE", "HUB"), rows)
    if any(entry["non_commercial"] for entry in entries):
        print("\n* not for commercial use: trained on data with that condition")
    return 0


def _entry(spec: ModelSpec) -> dict[str, Any]:
    """A model's facts and where it is on this machine."""
    from newsmt.hub import find_snapshot
    from newsmt.registry import bundled_directory

    snapshot = find_snapshot(spec.hub_id, spec.revision) if spec.hub_id else None
    directory = bundled_directory() if spec.bundled else snapshot.directory if snapshot else None
    return {
        "name": spec.name,
        "task": spec.task,
        "source_languages": list(spec.source_languages),
        "target_language": spec.target_language,
        "licence": spec.licence,
        "non_commercial": spec.non_commercial,
        "size_bytes": _size(directory) if directory else spec.download_bytes,
        "state": "bundled" if spec.bundled else "cached" if snapshot else "not fetched",
        "hub_id": spec.hub_id,
        "revision": snapshot.commit if snapshot else spec.revision,
        "directory": str(directory) if directory else None,
        "description": spec.description,
    }


def _fetch(arguments: argparse.Namespace) -> int:
    from newsmt.registry import fetch

    checkpoint = fetch(arguments.name, revision=arguments.revision, progress=False if arguments.quiet else None)
    revision = f"revision {checkpoint.revision}, " if checkpoint.revision else ""
    size = sum((checkpoint.directory / name).stat().st_size for name in checkpoint.files)
    print(f"{checkpoint.spec.name}: {checkpoint.directory} ({revision}{_megabytes(size)})")
    return 0


def _verify(arguments: argparse.Namespace) -> int:
    names = [arguments.name] if arguments.name else _names_on_disk()
    unsound: dict[str, list[FileCheck]] = {}
    for name in names:
        from newsmt.verification import verify_model

        checks = verify_model(name, revision=arguments.revision)
        _print_checks(name, checks)
        bad = [check for check in checks if not check.sound]
        if bad:
            unsound[name] = bad
    if unsound:
        raise ModelFilesError(_remedy(unsound))
    return 0


def _names_on_disk() -> list[str]:
    from newsmt.registry import available_models

    return [entry["name"] for entry in map(_entry, available_models()) if entry["state"] != "not fetched"]


def _print_checks(name: str, checks: Sequence[FileCheck]) -> None:
    print(name)
    place = None
    for check in checks:
        if check.path.parent != place:
            place = check.path.parent
            print(f"  {place}")
        verdict = "ok" if check.sound else "WRONG"
        print(f"    {verdict:<6} {check.path.name:<24} {check.sha256[:16]:<17} {check.against}")


def _remedy(unsound: dict[str, list[FileCheck]]) -> str:
    """One sentence that names every file that is wrong and the command that mends it."""
    sentences = []
    for name, checks in unsound.items():
        files = ", ".join(
            f"{check.path} (SHA-256 {check.sha256 or 'none'}{f', expected {check.expected}' if check.expected else ''})"
            for check in checks
        )
        converted = all(check.against in ("record", "known answer") for check in checks)
        mend = f"remove {checks[0].path.parent}, it is made again" if converted else f"newsmt models fetch {name}"
        sentences.append(f"{len(checks)} of the files of {name} are not what they should be: {files}; {mend}")
    return "; ".join(sentences)


def _convert(arguments: argparse.Namespace) -> int:
    from newsmt.checkpoint import own_facts
    from newsmt.convert import convert
    from newsmt.registry import resolve

    destination = Path(arguments.destination)
    checkpoint = resolve(arguments.source)
    if checkpoint.format == "ctranslate2":
        raise UsageError(f"{checkpoint.directory} is a CTranslate2 model already; --model {arguments.source} runs it")
    convert(checkpoint.directory, destination, precision=arguments.precision, facts=own_facts(checkpoint.spec))
    print(f"{checkpoint.spec.name}: {destination} ({arguments.precision}, {_megabytes(_size(destination))})")
    print(f"newsmt: to use it: --model {destination}", file=sys.stderr)
    return 0


def _languages(entry: dict[str, Any]) -> str:
    sources = ",".join(entry["source_languages"])
    return f"{sources}-{entry['target_language']}" if entry["task"] == "translation" else sources


def _size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.iterdir() if path.is_file())


def _megabytes(size: int | None) -> str:
    if size is None:
        return "?"
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size, 500_000) / 1e6:,.0f} MB"


def _print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
