"""What `pip install newsmt` and its extras weigh: built as a wheel, installed in fresh virtual environments, measured.

    python eval/size/installed_size.py                # the base alone, printed
    python eval/size/installed_size.py --write        # base and extras, recorded, and the table in README.md renewed

Exits 1 when the base weighs more than the limit.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import venv
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from newsmt.evaluation.pages import fill_table
from newsmt.textfile import read_text, write_text

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "eval" / "results" / "size" / "installed.json"
README = ROOT / "README.md"
LIMIT_MB = 350
EXTRAS = {
    "newsmt": "the whole main job: opus-mt-de-en fetched, converted, run; the bundled model; batch, summaries, scores",
    "newsmt[torch]": "the torch backend: transformers, accelerate, placement on GPUs, any other checkpoint",
    "newsmt[ray]": "`newsmt batch --engine ray`",
    "newsmt[all]": "everything, and rouge-score for the scores of summaries",
}
MEGABYTE = 1_000_000


def main() -> int:
    """Measure, print, record."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="measure the extras too, record, renew README.md")
    arguments = parser.parse_args()
    names = list(EXTRAS) if arguments.write else ["newsmt"]
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        measured = {name: measure(wheel, name, Path(folder) / f"venv{index}") for index, name in enumerate(names)}
    for name, packages in measured.items():
        largest = ", ".join(f"{package} {size:.0f}" for package, size in list(packages.items())[:8])
        print(f"{name}: {sum(packages.values()):.0f} MB ({largest} ...)")
    if arguments.write:
        write_record(measured)
        write_text(README, with_table(read_text(README)))
    base = sum(measured["newsmt"].values())
    if base > LIMIT_MB:
        print(f"newsmt weighs {base:.0f} MB: the limit is {LIMIT_MB}", file=sys.stderr)
        return 1
    return 0


def build_wheel(folder: Path) -> Path:
    """The wheel that a release would be."""
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)],
        check=True,
    )
    (wheel,) = folder.glob("newsmt-*.whl")
    return wheel


def measure(wheel: Path, name: str, environment: Path) -> dict[str, float]:
    """Megabytes of each package that the wheel with its extra brings, largest first; pip itself does not count."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    extra = name.removeprefix("newsmt")
    subprocess.run(
        [
            *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"),
            *("--constraint", str(ROOT / "constraints.txt"), f"{wheel}{extra}"),
        ],
        check=True,
    )
    (site,) = environment.glob("lib/python*/site-packages")
    sizes = {
        package.metadata["Name"]: size_of(package) / MEGABYTE
        for package in distributions(path=[str(site)])
        if package.metadata["Name"] != "pip"
    }
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))


def size_of(package) -> int:
    """Bytes of all files of an installed distribution."""
    paths = {Path(file.locate()).resolve() for file in package.files or []}
    return sum(path.stat().st_size for path in paths if path.is_file())


def write_record(measured: dict[str, dict[str, float]]) -> None:
    """Keep what was measured, with where and when."""
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "torch": "CPU build, see constraints.txt",
        "megabytes": {
            name: {"total": round(sum(sizes.values()), 1), "packages": {k: round(v, 1) for k, v in sizes.items()}}
            for name, sizes in measured.items()
        },
    }
    RECORD.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def load_record() -> dict:
    """The last recorded measurement."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def table(record: dict) -> str:
    """The table of README.md, from the record alone."""
    rows = ["| `pip install ...` | brings | MB installed |", "|---|---|---|"]
    for name, brings in EXTRAS.items():
        sizes = record["megabytes"][name]
        largest = ", ".join(f"{package} {size:.0f}" for package, size in list(sizes["packages"].items())[:3])
        rows.append(f"| `{name}` | {brings} | {sizes['total']:.0f} (of these {largest}) |")
    note = (
        f"Measured on {record['date']}, {record['platform']}, Python {record['python']}, torch as {record['torch']}: "
    )
    return "\n".join([*rows, "", note + "`make size`, `python eval/size/installed_size.py --write`."])


def with_table(readme: str) -> str:
    """README.md with the recorded table in its place."""
    return fill_table(readme, table(load_record()), name="size")


if __name__ == "__main__":
    sys.exit(main())
