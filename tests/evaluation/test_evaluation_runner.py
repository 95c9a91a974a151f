"""Models run for real: tiny checkpoints in processes of their own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from dozen import SOURCES, outputs_of, references_of, write_lines

from newsmt.cli import main
from newsmt.errors import ModelFilesError
from newsmt.evaluation.gate import encode_counts
from newsmt.evaluation.metrics import MetricSpec, SacrebleuMetric
from newsmt.evaluation.reference import ReferenceWorkload
from newsmt.evaluation.runner import ModelRequest, label_requests, run_model
from newsmt.evaluation.worker import measure
from newsmt.testing import ScriptedBackend
from newsmt.translator import Translator


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four segments, because a random model takes its time."""
    write_lines(tmp_path / "four" / "source.de", SOURCES[:4])
    write_lines(tmp_path / "four" / "reference.en", references_of(0)[:4])
    write_lines(tmp_path / "good.en", outputs_of("good")[:4])
    return tmp_path


def newsmt(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_evaluate_runs_a_model_once_and_a_file_beside_it(
    folder: Path, tiny_marian: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    output = folder / "out"
    command = ["evaluate", "--test-set", folder / "four", "--model", tiny_marian, "--system", f"good={folder}/good.en"]
    command += ["--metric", "bleu", "--output", output, "--beam-size", "1"]
    assert newsmt(*command) == 0
    first = capfd.readouterr()
    assert "translating 4 segments" in first.err

    record_path = next((output / "four").glob("*/ctranslate2.json"))
    record = json.loads(record_path.read_text(encoding="utf-8"))
    hypotheses = record_path.with_suffix(".en")
    assert len(hypotheses.read_text(encoding="utf-8").splitlines()) == 4
    generation = record["generation"]
    assert generation["model"]["fingerprint"]
    assert generation["options"]["beam_size"] == 1
    assert generation["engine"].startswith("ctranslate2")
    assert {"newsmt", "ctranslate2"} <= set(generation["versions"])
    assert generation["machine"]["processor"]
    assert generation["speed"]["seconds"] > 0
    assert generation["speed"]["load_seconds"] > 0
    assert generation["speed"]["peak_memory_bytes"] > 10_000_000
    assert {path.name for path in (output / "four").glob("*.*")} == {
        "report.html",
        "report.md",
        "report.json",
        "junit.xml",
    }
    assert (output / "four" / "good" / "file.json").is_file()

    assert newsmt(*command) == 0  # nothing changed: no model is run
    assert "nothing changed" in capfd.readouterr().err

    hypotheses.write_text("Somebody changed this.\n" * 4, encoding="utf-8")
    assert newsmt(*command) == 0
    assert "translating 4 segments" in capfd.readouterr().err
    assert "Somebody" not in hypotheses.read_text(encoding="utf-8")


def test_a_run_that_was_interrupted_before_scoring_translates_nothing_twice(
    folder: Path, tiny_marian: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    command = ["evaluate", "--test-set", folder / "four", "--model", tiny_marian, "--metric", "bleu"]
    command += ["--output", folder / "out", "--beam-size", "1"]
    with monkeypatch.context() as patched:
        patched.setattr("newsmt.evaluation.scoring.evaluate", interrupt)
        assert newsmt(*command) == 130
    assert "translating 4 segments" in capfd.readouterr().err

    assert newsmt(*command) == 0
    assert "nothing changed" in capfd.readouterr().err
    record_path = next((folder / "out" / "four").glob("*/ctranslate2.json"))
    assert json.loads(record_path.read_text(encoding="utf-8"))["scores"]["bleu"]["segments"]


def test_the_error_of_a_model_is_the_error_of_the_run(tmp_path: Path) -> None:
    with pytest.raises(ModelFilesError, match=str(tmp_path)):
        run_model(ModelRequest(model=str(tmp_path)), ["Eins."])


def test_one_model_on_two_backends_has_two_labels() -> None:
    requests = [ModelRequest(model="m", backend=backend) for backend in ("ctranslate2", "torch")]
    assert label_requests(requests, ["m", "m"]) == ["m (ctranslate2)", "m (torch)"]
    assert label_requests(requests, ["m", "n"]) == ["m", "n"]
    exact = ModelRequest(model="m", backend="torch", precision="float32", device="cpu", scored="hypothesis")
    assert exact.backend_label == "torch-cpu-float32-raw"


def test_benchmark_writes_and_keeps_a_baseline(
    folder: Path, tiny_marian: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    baseline = folder / "baselines" / "four.json"
    command = ["benchmark", "--test-set", folder / "four", "--model", tiny_marian, "--metric", "bleu,chrf"]
    command += ["--passes", "1", "--output", folder / "out", "--beam-size", "1", "--baseline", baseline]
    assert newsmt(*command, "--update-baseline") == 0
    assert baseline.is_file()

    entry = json.loads(baseline.read_text(encoding="utf-8"))
    (system,) = entry["systems"].values()
    perfect = SacrebleuMetric(MetricSpec("bleu")).statistics(references_of(0)[:4], [references_of(0)[:4]])
    system["scores"]["bleu"]["counts"] = encode_counts(perfect)
    baseline.write_text(json.dumps(entry), encoding="utf-8")
    # the speed of one pass over four segments is noise, and not what is tested here
    assert newsmt(*command, "--fail-on-regression", "--speed-tolerance", "0.99") == 4
    printed = capfd.readouterr()
    assert "FAIL" in printed.out
    assert ": chrF2 " in printed.out
    assert "newsmt: 1 regression against" in printed.err


def test_measure_times_after_a_warm_up_and_keeps_both_texts() -> None:
    backend = ScriptedBackend({source: f"“{source}”" for source in SOURCES})
    translator = Translator(backend)
    result = measure(translator, SOURCES, load_seconds=0.5, passes=2, sample=[0, 3], threads=1)
    assert len(result["texts"]) == len(result["hypotheses"]) == len(SOURCES)
    assert len(result["passes"]) == 2
    assert len(result["reference_passes"]) == 3
    assert len(result["processor_passes"]) == 2
    assert len(result["reference_processor_passes"]) == 3
    assert result["workers"] == 1
    assert result["engine"] == "scripted"
    assert backend.calls[0] == SOURCES[:4]
    assert sorted(backend.calls[1]) == sorted(SOURCES)
    assert [sorted(call) for call in backend.calls[2:]] == [sorted([SOURCES[0], SOURCES[3]])] * 2


def test_the_reference_workload_runs_and_cleans_up() -> None:
    with ReferenceWorkload(threads=1) as reference:
        folder = Path(reference._folder.name)
        by_clock, of_processors = reference.seconds()
        assert by_clock > 0
        assert of_processors > 0
        assert (folder / "model.bin").is_file()
    assert not folder.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--test-set", "wmt91", "--system", "a=a.en"], 1, "did you mean wmt"),
        (["--test-set", "{}/four"], 2, "nothing to score"),
        (["--test-set", "{}/four", "--system", "a={}/good.en", "a={}/good.en"], 2, "two systems are labelled 'a'"),
        (["--test-set", "{}/four", "--system", "a={}/good.en", "--metric", "blue"], 2, "did you mean bleu"),
        (["--test-set", "{}/four", "--system", "a={}/good.en", "--resamples", "-1"], 2, "--resamples -1"),
        (["--test-set", "{}/four", "--system", "a={}/none.en"], 1, "does not exist"),
        (["--test-set", "{}/four", "--model", "opus-mt-ed-en"], 1, "did you mean opus-mt-de-en"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    folder: Path, arguments: list[str], code: int, expected: str, capfd: pytest.CaptureFixture[str]
) -> None:
    output = ["--output", folder / "out"]
    assert newsmt("evaluate", *(argument.replace("{}", str(folder)) for argument in arguments), *output) == code
    printed = capfd.readouterr()
    assert expected in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


def test_a_folder_that_cannot_be_written_is_found_out_first(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    if os.geteuid() == 0:  # root may write anywhere but below a file
        output = folder / "good.en" / "out"
    else:
        output = folder / "locked"
        output.mkdir(mode=0o555)
    command = ["evaluate", "--test-set", folder / "four", "--model", "newsmt-mini-de-en", "--output", output]
    assert newsmt(*command) == 1
    message = capfd.readouterr().err
    assert f"the output folder {output} cannot be written" in message
    assert "translating" not in message


@pytest.mark.parametrize("option", ["--fail-on-regression", "--update-baseline"])
def test_a_gate_needs_a_baseline(folder: Path, option: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert newsmt("benchmark", "--test-set", folder / "four", "--model", "newsmt-mini-de-en", option) == 2
    assert f"{option} needs a baseline" in capfd.readouterr().err


def test_formats_on_stdout(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", "--test-set", folder / "four", "--system", f"good={folder}/good.en", "--metric", "bleu"]
    beginnings = {
        "table": "four: 4 segments",
        "markdown": "## four",
        "json": "{",
        "junit": "<?xml",
        "html": "<!DOCTYPE",
    }
    for name, beginning in beginnings.items():
        assert newsmt(*command, "--format", name) == 0
        printed = capfd.readouterr()
        assert printed.out.startswith(beginning)
        assert printed.err == ""
    assert not (folder / "newsmt-results").exists()
