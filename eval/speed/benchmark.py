"""How fast newsmt is beside the bare engine and beside transformers, and whether its memory stays flat.

    python eval/speed/benchmark.py                              # the bundled model
    python eval/speed/benchmark.py --standin DIR                # opus-mt-de-en's shape, random weights; DIR: its config
    python eval/speed/benchmark.py --memory 2000                # resident memory after 200 and after 2,000 articles

Only ratios within one run mean anything: the contestants take turns, round by round, on the same segments, so that
whatever else the machine does hits all of them. Wall time and processor time are both printed; where other programs
compete for the cores the latter is the fair one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from itertools import count, islice
from pathlib import Path
from typing import Any

from standin import build_standin

from newsmt import Translator
from newsmt.backends import Backend, Hypothesis, SearchBackend, load_backend
from newsmt.backends.cores import available_cores
from newsmt.backends.tokenizer import load_tokenizer
from newsmt.batching import plan_batches
from newsmt.checkpoint import Checkpoint, open_checkpoint
from newsmt.conversion import ctranslate2_directory
from newsmt.options import DecodingOptions
from newsmt.registry import resolve

ROOT = Path(__file__).resolve().parents[2]
TEST_SETS = ROOT.parent / "shared" / "testsets"
LINES_PER_ARTICLE = 20
SENTENCES_PER_PARAGRAPH = 3
GOALS = {"newsmt / bare engine": 1.15, "newsmt / transformers": 0.30}


@dataclass
class Clock:
    """Time spent on one contestant, and the target tokens it wrote for it."""

    wall: float = 0.0
    processor: float = 0.0
    tokens: int = 0

    def run(self, work: Callable[[], int]) -> None:
        """Do a piece of work, which says how many target tokens it wrote."""
        wall, processor = time.perf_counter(), time.process_time()
        self.tokens += work()
        self.wall += time.perf_counter() - wall
        self.processor += time.process_time() - processor


@dataclass
class Recorder:
    """A backend that remembers what it was asked and how many tokens it answered with."""

    backend: SearchBackend
    sources: list[str] = field(default_factory=list)
    tokens: int = 0

    @property
    def name(self) -> str:
        """The backend's own."""
        return self.backend.name

    @property
    def max_source_tokens(self) -> int:
        """The backend's own."""
        return self.backend.max_source_tokens

    def count_tokens(self, sources: Sequence[str]) -> list[int]:
        """The backend's own."""
        return self.backend.count_tokens(sources)

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """The backend's own, remembered."""
        hypotheses = self.backend.generate(sources, options)
        self.sources += sources
        self.tokens += sum(one.tokens for one in hypotheses)
        return hypotheses

    def generate_nbest(self, sources: Sequence[str], options: DecodingOptions, count: int) -> list[list[Hypothesis]]:
        """The backend's own, not remembered: to search again is newsmt's own idea, and on its account."""
        nbest: list[list[Hypothesis]] = self.backend.generate_nbest(sources, options, count)
        return nbest


def main() -> int:
    """Measure, print and record."""
    arguments = parse_arguments()
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = choose_model(arguments, Path(scratch))
        measure = measure_memory if arguments.memory else measure_speed
        record = measure(checkpoint, arguments)
    record = {"processor": processor(), "cores": available_cores(), "versions": versions(), **record}
    print(json.dumps(record, indent=2))
    kind = "memory" if arguments.memory else "speed"
    path = arguments.output / f"{checkpoint.spec.name}-beam{arguments.beam_size}-{kind}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(f"written to {path}", file=sys.stderr)
    return 0


def parse_arguments() -> argparse.Namespace:
    """What is to be measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="newsmt-mini-de-en", help="registry name or directory")
    parser.add_argument("--standin", type=Path, help="directory with opus-mt-de-en's config.json and vocab.json")
    parser.add_argument("--test-sets", type=Path, default=TEST_SETS, help="directory with wmt19/source.de and others")
    parser.add_argument("--articles", type=int, default=100, help="articles of 20 lines; 100 are all of wmt19")
    parser.add_argument("--rounds", type=int, default=4, help="turns that the contestants take")
    parser.add_argument("--beam-size", type=int, default=4)
    parser.add_argument("--batch-tokens", type=int, default=DecodingOptions().batch_tokens)
    parser.add_argument("--target-tokens", type=int, help="length limit of all hypotheses; a stand-in needs one")
    parser.add_argument("--transformers-share", type=float, default=0.1, help="share of the batches it is timed on")
    parser.add_argument(
        "--memory", type=int, default=0, metavar="ARTICLES", help="measure memory over so many articles"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "eval" / "results" / "speed")
    arguments = parser.parse_args()
    if arguments.standin and not arguments.target_tokens:
        arguments.target_tokens = 30  # 1.25 times the mean source
    return arguments


def choose_model(arguments: argparse.Namespace, scratch: Path) -> Checkpoint:
    """The named model, or the stand-in built in a scratch folder."""
    if arguments.standin is None:
        return resolve(arguments.model)
    return open_checkpoint(build_standin(arguments.standin, scratch / "opus-mt-de-en-standin"))


def measure_speed(checkpoint: Checkpoint, arguments: argparse.Namespace) -> dict[str, Any]:
    """Time newsmt from article to article, the bare engine, and transformers, in turns."""
    options = DecodingOptions(
        beam_size=arguments.beam_size, batch_tokens=arguments.batch_tokens, max_target_tokens=arguments.target_tokens
    )
    backend = load_backend("ctranslate2", checkpoint, device="cpu")
    contestants: dict[str, BareEngine | Transformers] = {"bare engine": BareEngine(checkpoint, options)}
    if arguments.transformers_share > 0:
        contestants["transformers"] = Transformers(checkpoint, options, arguments.transformers_share)
    clocks = {"newsmt": Clock(), **{name: Clock() for name in contestants}}
    articles = list(islice(articles_of(read_lines(arguments.test_sets, ["wmt19"])), arguments.articles))
    warm_up(backend, contestants, articles[-1], checkpoint, options)
    segments = 0
    for number in range(arguments.rounds):
        recorder = Recorder(backend)
        clocks["newsmt"].run(partial(translate, recorder, articles[number :: arguments.rounds], checkpoint, options))
        segments += len(recorder.sources)
        for name, contestant in contestants.items():
            contestant.prepare(recorder.sources)
            clocks[name].run(contestant.run)
        print(f"round {number + 1} of {arguments.rounds}: {ratios(clocks)}", file=sys.stderr, flush=True)
    return {
        "model": checkpoint.spec.name,
        "backend": backend.name,
        "options": asdict(options),
        "articles": len(articles),
        "segments": segments,
        "transformers_share": arguments.transformers_share,
        "measured": {name: report(clock) for name, clock in clocks.items()},
        "ratios": ratios(clocks),
        "goals": GOALS,
    }


def warm_up(
    backend: Backend,
    contestants: dict[str, BareEngine | Transformers],
    article: str,
    checkpoint: Checkpoint,
    options: DecodingOptions,
) -> None:
    """One article each off the clock: what happens once per process is no matter of speed."""
    recorder = Recorder(backend)
    translate(recorder, [article], checkpoint, options)
    for contestant in contestants.values():
        contestant.prepare(recorder.sources)
        contestant.run()


def translate(recorder: Recorder, articles: list[str], checkpoint: Checkpoint, options: DecodingOptions) -> int:
    """A turn of newsmt: articles as text in, articles as text out."""
    spec = checkpoint.spec
    translator = Translator(
        recorder, normalization=spec.normalization, segment_tokens=spec.segment_tokens, options=options
    )
    translations = list(translator.translate_documents(articles))
    assert len(translations) == len(articles)
    assert all(translation.text for translation in translations)
    return recorder.tokens


class BareEngine:
    """CTranslate2 on segments tokenised and sorted before its clock starts; nothing is made of what it writes."""

    def __init__(self, checkpoint: Checkpoint, options: DecodingOptions) -> None:
        import ctranslate2

        directory = ctranslate2_directory(checkpoint, "int8")
        self._tokenizer = load_tokenizer(checkpoint, directory)
        self._options = options
        self._engine = ctranslate2.Translator(
            str(directory), compute_type="int8", inter_threads=available_cores(), intra_threads=1
        )
        self._pieces: list[list[str]] = []

    def prepare(self, sources: Sequence[str]) -> None:
        """Tokenise and sort."""
        encoded = self._tokenizer.encode(list(sources))
        self._pieces = sorted(([*pieces, "</s>"] for pieces in encoded), key=len, reverse=True)

    def run(self) -> int:
        """Decode; the target tokens written."""
        results = self._engine.translate_batch(
            self._pieces,
            max_batch_size=self._options.batch_tokens,
            batch_type="tokens",
            beam_size=self._options.beam_size,
            max_decoding_length=self._options.max_target_tokens or 256,
        )
        return sum(len(result.hypotheses[0]) for result in results)


class Transformers:
    """transformers' generate in float32 on the same cores, on a share of the same batches: it takes long."""

    def __init__(self, checkpoint: Checkpoint, options: DecodingOptions, share: float) -> None:
        import torch
        from transformers import AutoModelForSeq2SeqLM
        from transformers.utils import logging

        logging.disable_progress_bar()
        torch.set_num_threads(available_cores())
        self._model = AutoModelForSeq2SeqLM.from_pretrained(checkpoint.directory, dtype=torch.float32).eval()
        self._model.generation_config.max_length = None
        self._tokenizer = load_tokenizer(checkpoint)
        self._options = options
        self._every = max(1, round(1 / share))
        self._batches: list[Any] = []

    def prepare(self, sources: Sequence[str]) -> None:
        """Every n-th batch from the longest to the shortest, from the middle of the first n."""
        import torch

        numbers = [self._tokenizer.numbers([*pieces, "</s>"]) for pieces in self._tokenizer.encode(list(sources))]
        planned = plan_batches([len(one) for one in numbers], self._options.batch_tokens)
        padding = self._model.config.pad_token_id
        self._batches = []
        for batch in planned[min(self._every // 2, len(planned) - 1) :: self._every]:
            longest = max(len(numbers[index]) for index in batch)
            rows = [numbers[index] + [padding] * (longest - len(numbers[index])) for index in batch]
            self._batches.append(torch.tensor(rows))

    def run(self) -> int:
        """Decode; the target tokens written."""
        import torch

        config = self._model.config
        written = 0
        for batch in self._batches:
            with torch.inference_mode():
                sequences = self._model.generate(
                    input_ids=batch,
                    attention_mask=(batch != config.pad_token_id).long(),
                    num_beams=self._options.beam_size,
                    max_new_tokens=self._options.max_target_tokens or 256,
                    do_sample=False,
                )
            ends = (sequences[:, 1:] == config.pad_token_id) | (sequences[:, 1:] == config.eos_token_id)
            written += int((~ends).sum())
        return written


def ratios(clocks: dict[str, Clock]) -> dict[str, float]:
    """Time per target token of newsmt over that of the others."""
    result = {}
    for name in ("bare engine", "transformers"):
        if name in clocks and clocks[name].tokens:
            for kind in ("wall", "processor"):
                ours, theirs = (getattr(clocks[one], kind) / clocks[one].tokens for one in ("newsmt", name))
                result[f"newsmt / {name}, {kind} time"] = round(ours / theirs, 3)
    return result


def report(clock: Clock) -> dict[str, float]:
    """A contestant's measurements."""
    return {
        "wall_seconds": round(clock.wall, 2),
        "processor_seconds": round(clock.processor, 2),
        "target_tokens": clock.tokens,
        "target_tokens_per_second": round(clock.tokens / clock.wall, 1),
        "target_tokens_per_processor_second": round(clock.tokens / clock.processor, 1),
    }


def measure_memory(checkpoint: Checkpoint, arguments: argparse.Namespace) -> dict[str, Any]:
    """Resident memory while articles stream through one Translator."""
    options = DecodingOptions(
        beam_size=arguments.beam_size, batch_tokens=arguments.batch_tokens, max_target_tokens=arguments.target_tokens
    )
    backend = load_backend("ctranslate2", checkpoint, device="cpu")
    translator = Translator(backend, normalization=checkpoint.spec.normalization, options=options)
    lines = read_lines(arguments.test_sets, ["wmt19", "wmt20", "wmt22", "flores-dev"])
    articles = islice(endless_articles(lines), arguments.memory)
    early = max(1, arguments.memory // 10)
    resident = {}
    for number, _ in enumerate(translator.translate_documents(articles), start=1):
        if number in (1, early, arguments.memory // 2, arguments.memory):
            resident[number] = resident_megabytes()
            print(f"{number} articles: {resident[number]:.1f} MB", file=sys.stderr, flush=True)
    return {
        "model": checkpoint.spec.name,
        "backend": backend.name,
        "options": asdict(options),
        "resident_megabytes": resident,
        "ratio": round(resident[arguments.memory] / resident[early], 4),
        "goal": 1.05,
    }


def read_lines(test_sets: Path, names: list[str]) -> list[str]:
    """The source lines of test sets."""
    lines: list[str] = []
    for name in names:
        path = test_sets / name / "source.de"
        if not path.is_file():
            sys.exit(f"{path} is not there: name the folder of test sets with --test-sets")
        lines += path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()]


def articles_of(lines: Sequence[str]) -> Iterator[str]:
    """Articles: the first line as headline, the others in paragraphs."""
    for start in range(0, len(lines) - LINES_PER_ARTICLE + 1, LINES_PER_ARTICLE):
        headline, *rest = lines[start : start + LINES_PER_ARTICLE]
        paragraphs = [
            " ".join(rest[first : first + SENTENCES_PER_PARAGRAPH])
            for first in range(0, len(rest), SENTENCES_PER_PARAGRAPH)
        ]
        yield "\n\n".join([headline, *paragraphs]) + "\n"


def endless_articles(lines: list[str]) -> Iterator[str]:
    """Articles without end: the lines shuffled anew for each pass."""
    for seed in count():
        yield from articles_of(random.Random(seed).sample(lines, len(lines)))


def resident_megabytes() -> float:
    """Memory that this process has in use."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def processor() -> str:
    """The processor with what of it matters here."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor()
    model = re.search(r"model name\s*: (.*)", text)
    features = [name for name in ("avx2", "avx512f", "avx512_vnni", "amx_int8") if re.search(rf"\b{name}\b", text)]
    return f"{model[1] if model else platform.machine()} ({', '.join(features)})"


def versions() -> dict[str, str]:
    """Versions of what does the work."""
    packages = ("ctranslate2", "sentencepiece", "torch", "transformers")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}


if __name__ == "__main__":
    sys.exit(main())
