"""The process of one model, started by the runner: `python -m newsmt.evaluation.worker TASK.json RESULT.json`."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.errors import NewsmtError

if TYPE_CHECKING:
    from newsmt.translation import TranslatedSegment
    from newsmt.translator import Translator

__all__ = ["main", "measure"]

_WARM_UP_SEGMENTS = 4
_INTERRUPTED = 130
_NOT_TIMED: Mapping[str, Any] = {
    "passes": [],
    "reference_passes": [],
    "processor_passes": [],
    "reference_processor_passes": [],
    "workers": 0,
}


def main(task_file: str, result_file: str) -> None:
    """Do the task and leave its result, or the error met, in the result file."""
    from newsmt.cli.logs import log_to_stderr

    log_to_stderr()
    task = json.loads(Path(task_file).read_text(encoding="utf-8"))
    try:
        result = _work(task)
    except NewsmtError as error:
        result = {"error": {"type": type(error).__name__, "message": str(error)}}
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)  # the process that started this one got Ctrl-C too, and says so
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")


def _work(task: dict[str, Any]) -> dict[str, Any]:
    from newsmt.evaluation.machine import describe_machine
    from newsmt.options import DecodingOptions

    machine = describe_machine()  # before this process adds to the load
    started = time.perf_counter()
    translator = _load(task["load"], DecodingOptions(**task["options"]))
    load_seconds = time.perf_counter() - started
    return measure(
        translator,
        task["sources"],
        load_seconds=load_seconds,
        passes=task["passes"],
        sample=task["sample"],
        threads=task["load"]["threads"],
        machine=machine,
    )


def _load(arguments: dict[str, Any], options: Any) -> Translator:
    from newsmt.translator import load_translator

    return load_translator(**arguments, options=options)


def measure(
    translator: Translator,
    sources: Sequence[str],
    *,
    load_seconds: float,
    passes: int,
    sample: Sequence[int],
    threads: int | None,
    machine: Mapping[str, Any] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Any]:
    """Warm up, translate all sources once, then time the sample between runs of the reference workload."""
    from newsmt.evaluation.machine import describe_machine, package_versions, peak_memory_bytes

    machine = machine or describe_machine()
    translator.translate_segments(sources[:_WARM_UP_SEGMENTS])
    started = clock()
    segments = translator.translate_segments(sources)
    seconds = clock() - started
    peak_memory = peak_memory_bytes()  # before the reference workload takes its own
    timed = _timed_passes(translator, [sources[index] for index in sample], passes, threads) if passes else _NOT_TIMED
    return {
        "texts": [segment.text for segment in segments],
        "hypotheses": [segment.hypothesis for segment in segments],
        "engine": translator.system.backend,
        "load_seconds": load_seconds,
        "seconds": seconds,
        "peak_memory_bytes": peak_memory,
        **timed,
        "warnings": _count_warnings(segments),
        "machine": machine,
        "versions": package_versions(),
    }


def _timed_passes(translator: Translator, sources: Sequence[str], passes: int, threads: int | None) -> dict[str, Any]:
    """Seconds of each pass, and of the reference workload before, between and after them."""
    from newsmt.evaluation.reference import ReferenceWorkload

    device = "cuda" if "cuda" in translator.system.backend else "cpu"
    timed = []
    with ReferenceWorkload(device=device, threads=threads) as reference:
        reference.seconds()  # warm-up
        references = [reference.seconds()]
        for _ in range(passes):
            started, worked = time.perf_counter(), time.process_time()
            translator.translate_segments(sources)
            timed.append((time.perf_counter() - started, time.process_time() - worked))
            references.append(reference.seconds())
    on_processors = device == "cpu"
    return {
        "passes": [seconds for seconds, _ in timed],
        "reference_passes": [seconds for seconds, _ in references],
        "processor_passes": [seconds for _, seconds in timed] if on_processors else [],
        "reference_processor_passes": [seconds for _, seconds in references] if on_processors else [],
        "workers": reference.workers,
    }


def _count_warnings(segments: Sequence[TranslatedSegment]) -> dict[str, int]:
    return dict(sorted(Counter(str(warning) for segment in segments for warning in segment.warnings).items()))


if __name__ == "__main__":
    main(*sys.argv[1:])
