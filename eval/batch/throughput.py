"""How fast `newsmt batch` translates many short articles, beside a loop over files and beside one long file.

python eval/batch/throughput.py [--files N] [--model NAME] [--output FILE] [--page FILE] makes N short articles of the
sentences in seeds/, translates them in five ways with the same model, and writes a table. Every time is of the
translation alone, after the model was loaded and warmed up; what is said is a ratio within one run on one machine.
Memory is the peak of a process that passes folders of several sizes through a double in the model's place, so that only
the batch is measured.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from newsmt import DecodingOptions, load_translator, split_sentences
from newsmt.backends.cores import available_cores
from newsmt.batch import BatchOptions, ModelChoice, translate_folder
from newsmt.evaluation.pages import fill_table
from newsmt.textfile import read_text, write_text
from newsmt.translator import Translator

SEEDS = Path(__file__).parents[2] / "seeds"


def sentences() -> list[str]:
    """The sentences of the articles written for this project."""
    articles = (read_text(path) for path in sorted(SEEDS.glob("*/article.de.txt")))
    return [one for article in articles for line in article.splitlines() for one in split_sentences(line.strip())]


def articles(count: int, seed: int = 1) -> Iterator[str]:
    """Short articles: a headline and two paragraphs, five sentences in all, in an order of their own each."""
    chance = random.Random(seed)
    # Whole with a number at its end: a part without one would be the same in many articles, and decoded once for all.
    material = [one for one in sentences() if len(one.split()) > 4 and len(split_sentences(_marked(one, "1"))) == 1]
    for number in range(count):
        chosen = chance.sample(material, 5)
        # A number in every sentence, so that no two are the same and nothing is decoded only once for several files.
        marked = [_marked(one, f"{number}-{place}") for place, one in enumerate(chosen)]
        yield f"{marked[0]}\n\n{' '.join(marked[1:3])}\n\n{' '.join(marked[3:])}\n"


def _marked(sentence: str, number: str) -> str:
    return f"{sentence.rstrip('.')} ({number})."


def write_tree(folder: Path, texts: list[str]) -> Path:
    """One file per text."""
    for number, text in enumerate(texts):
        write_text(_made(folder / f"{number % 20:02d}") / f"{number:05d}.txt", text)
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def loop(translator: Translator, source: Path, destination: Path) -> None:
    """What one would write without a batch: read, translate, write, file by file."""
    for path in sorted(source.rglob("*.txt")):
        write_text(_made(destination / path.parent.name) / path.name, translator.translate(read_text(path)).text)


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure(files: int, model: str, beam_size: int) -> dict[str, object]:
    """Seconds of each way, with the same texts."""
    options = DecodingOptions(beam_size=beam_size)
    translator = load_translator(model, options=options)
    texts = list(articles(files))
    words = sum(len(text.split()) for text in texts)
    translator.translate(texts[0])
    seconds: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        tree = write_tree(root / "tree", texts)
        one = write_tree(root / "one", ["\n".join(texts)])
        batch = BatchOptions(max_bytes=0)

        def folder(source: Path, target: str, **more: object) -> Callable[[], object]:
            given = more or {"translator": translator}
            return lambda: translate_folder(source, root / target, options=options, batch=batch, **given)

        seconds["loop over files"] = timed(lambda: loop(translator, tree, root / "looped"))
        seconds["one long file"] = timed(folder(one, "long"))
        seconds["newsmt batch"] = timed(folder(tree, "many"))
        batch = BatchOptions(workers=2)
        seconds["newsmt batch --workers 2, with loading"] = timed(
            folder(tree, "processes", model=ModelChoice(model=model))
        )
        batch = BatchOptions()
        seconds["newsmt batch, nothing to do"] = timed(folder(tree, "many"))
        memory = {str(count): peak_memory(root, count) for count in (files, 10 * files)}
    return {
        "model": translator.system.model,
        "backend": translator.system.backend,
        "beam_size": beam_size,
        "machine": _machine(),
        "cores": available_cores(),
        "files": files,
        "words": words,
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "peak_memory_mb": memory,
    }


_PASSED_THROUGH = """
import resource, sys
from newsmt import Translator, translate_folder
from newsmt.testing import EchoBackend
translate_folder(sys.argv[1], sys.argv[2], translator=Translator(EchoBackend()))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peak_memory(root: Path, files: int) -> int:
    """Megabytes that a process takes at most for a folder of so many articles, without a model."""
    tree = write_tree(root / f"memory-{files}", list(articles(files)))
    command = [sys.executable, "-c", _PASSED_THROUGH, str(tree), str(root / f"passed-{files}")]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _machine() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        return f"{len(names)} x {names[0]}"
    except (OSError, IndexError):
        return platform.processor() or platform.machine()


def table(result: dict[str, object]) -> str:
    """The result in Markdown."""
    words, seconds = result["words"], result["seconds"]
    assert isinstance(words, int)
    assert isinstance(seconds, dict)
    head = (
        f"{result['files']} files, {words:,} words; {result['model']}, {result['backend']}, "
        f"beam {result['beam_size']}; {result['machine']}\n\n"
        "| | seconds | words/s | of one long file |\n|---|--:|--:|--:|\n"
    )
    whole = seconds["one long file"]
    rows = "".join(
        f"| {name} | {value:.1f} | {words / value:,.0f} | {100 * whole / value:.0f} % |\n"
        for name, value in seconds.items()
        if name != "newsmt batch, nothing to do"
    )
    memory = result["peak_memory_mb"]
    assert isinstance(memory, dict)
    peaks = ", ".join(f"{peak} MB for {int(files):,} files" for files, peak in memory.items())
    idle = seconds["newsmt batch, nothing to do"]
    return f"{head}{rows}\nA second run that finds all done takes {idle:.1f} s. Peak memory without a model: {peaks}.\n"


_OVERNIGHT_WORKERS = (1, 16, 128)


def cost_table(result: dict[str, object]) -> str:
    """What that means for a hundred million words, extrapolated."""
    words, seconds, cores = result["words"], result["seconds"], result["cores"]
    assert isinstance(words, int)
    assert isinstance(seconds, dict)
    assert isinstance(cores, int)
    rate = words / seconds["newsmt batch"] / cores
    head = (
        f"Taken from above: {rate:,.0f} words/s per core: the {cores} cores of `newsmt batch` divided by {cores}"
        f" ({result['model']}, beam {result['beam_size']}).\n"
        "\n"
        "| workers of one core | words/s | hours for 100 million words |\n|--:|--:|--:|\n"
    )
    return head + "".join(
        f"| {count} | {rate * count:,.0f} | {1e8 / (rate * count * 3600):,.1f} |\n" for count in _OVERNIGHT_WORKERS
    )


def fill_page(path: Path, result: dict[str, object]) -> None:
    """Write both tables into a page, between their marks."""
    page = fill_table(read_text(path), table(result), name="throughput")
    write_text(path, fill_table(page, cost_table(result), name="cost"))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--model", default="newsmt-mini-de-en")
    parser.add_argument("--beam-size", type=int, default=4)
    parser.add_argument("--page", type=Path, help="also write the table into this page, between its marks")
    parser.add_argument("--output", type=Path, help="also write the figures here, as JSON")
    arguments = parser.parse_args()
    result = measure(arguments.files, arguments.model, arguments.beam_size)
    if arguments.output:
        write_text(arguments.output, json.dumps(result, indent=2) + "\n")
    if arguments.page:
        fill_page(arguments.page, result)
    print(table(result), end="")


if __name__ == "__main__":
    main()
