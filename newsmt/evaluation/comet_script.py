"""What COMET's own environment runs: `PYTHON comet_script.py TASK.json RESULT.json`; imports nothing of newsmt."""

from __future__ import annotations

import json
import sys
from importlib import import_module, metadata
from pathlib import Path
from typing import Any


def main(task_file: str, result_file: str) -> None:
    """Score every system; with several references, the mean of the scores against each."""
    # Python puts the script's own folder first, whose comet.py is not the package.
    sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != Path(__file__).resolve().parent]
    comet: Any = import_module("comet")
    task = json.loads(Path(task_file).read_text(encoding="utf-8"))
    model = comet.load_from_checkpoint(comet.download_model(task["model"]))
    scores = [_score(model, task, hypotheses) for hypotheses in task["systems"]]
    result = {"version": metadata.version("unbabel-comet"), "scores": scores}
    Path(result_file).write_text(json.dumps(result), encoding="utf-8")


def _score(model: Any, task: dict[str, Any], hypotheses: list[str]) -> list[float]:
    of_references = [
        model.predict(
            [
                {"src": source, "mt": hypothesis, "ref": reference}
                for source, hypothesis, reference in zip(task["sources"], hypotheses, references, strict=True)
            ],
            batch_size=16,
            gpus=_gpus(),
            progress_bar=False,
        ).scores
        for references in task["references"]
    ]
    return [sum(map(float, each)) / len(each) for each in zip(*of_references, strict=True)]


def _gpus() -> int:
    torch: Any = import_module("torch")
    return int(torch.cuda.is_available())


if __name__ == "__main__":
    main(*sys.argv[1:])
