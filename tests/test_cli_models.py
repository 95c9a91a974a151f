"""`newsmt models`, run as a user runs it."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import FakeHub, running_hub

from newsmt import registry
from newsmt.checkpoint import FilePin
from newsmt.cli import main
from newsmt.convert import convert
from newsmt.registry import find_spec

OPUS = "Helsinki-NLP/opus-mt-de-en"
THEIRS = "someone/their-marian"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True)
def clean_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("NEWSMT_CACHE", str(tmp_path / "newsmt"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    logger = logging.getLogger("newsmt")
    kept = logger.handlers, logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, level = kept
    logger.setLevel(level)


@pytest.fixture
def server(tiny_opus_mt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    """A hub with a model of somebody's, and with an opus-mt-de-en that the registry is pinned to."""
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    assert spec.revision is not None
    convert(tiny_opus_mt, tmp_path / "known-answer")
    pinned = replace(
        spec, files=pins(tiny_opus_mt, spec.files), conversion=pins(tmp_path / "known-answer", spec.conversion)
    )
    monkeypatch.setattr(registry, "MODELS", (pinned, *registry.MODELS[1:]))
    with running_hub() as running:
        running.publish(OPUS, tiny_opus_mt, commit=spec.revision)
        running.publish(THEIRS, tiny_opus_mt, commit=COMMIT)
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def pins(directory: Path, names: object) -> dict[str, FilePin]:
    return {
        name: FilePin(hashlib.sha256((directory / name).read_bytes()).hexdigest(), (directory / name).stat().st_size)
        for name in names  # type: ignore[attr-defined]
    }


def flip(path: Path) -> None:
    """Change one byte of a file, as a failing disk would."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    time.sleep(0.02)
    path.resolve().write_bytes(bytes(content))


def test_list_is_a_table_of_all_models(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["NAME", "TASK", "LANG", "LICENCE", "SIZE", "STATE", "HUB"]
    by_name = {row.split()[0]: row for row in rows if row}
    assert "not fetched" in by_name["opus-mt-de-en"]
    assert "Helsinki-NLP/opus-mt-de-en@1a922f3" in by_name["opus-mt-de-en"]
    assert "bundled" in by_name["newsmt-mini-de-en"]
    assert "*" in by_name["mt5-xlsum"]
    assert rows[-1].startswith("* not for commercial use")
    assert max(map(len, rows)) <= 125


def test_the_documentation_shows_the_table_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    text = (Path(__file__).parents[1] / "docs" / "models.md").read_text(encoding="utf-8")
    shown = [line.split() for line in text.partition("models list\n")[2].partition("```")[0].splitlines()]
    assert [[word for word in line if not word.isdigit()] for line in shown] == [
        [word for word in line if not word.isdigit()] for line in printed
    ]  # but for the size of the bundled model, which its successor changes


def test_list_as_json(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "opus-mt-de-en", "--quiet"]) == 0
    capsys.readouterr()
    assert main(["models", "list", "--format", "json"]) == 0
    entries = {entry["name"]: entry for entry in json.loads(capsys.readouterr().out)}
    assert entries["opus-mt-de-en"]["state"] == "cached"
    assert Path(entries["opus-mt-de-en"]["directory"], "pytorch_model.bin").is_file()
    assert entries["mt5-small-sum-de-en"]["state"] == "not fetched"
    assert entries["mt5-small-sum-de-en"]["non_commercial"] is True
    assert entries["newsmt-mini-de-en"]["directory"]


def test_fetch_says_where_the_model_is(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", THEIRS]) == 0
    output = capsys.readouterr().out
    assert output.startswith(f"{THEIRS}: ")
    assert COMMIT in output
    asked = len(server.requests)
    assert main(["models", "fetch", THEIRS]) == 0
    assert len(server.requests) == asked
    assert capsys.readouterr().out == output


def test_fetch_without_a_hub_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "fetch", "opus-mt-de-en"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert "cannot be reached" in line
    assert "newsmt models fetch" in line
    assert main(["models", "fetch", "opus-mt-de"]) == 1
    assert "did you mean opus-mt-de-en" in capsys.readouterr().err


def test_a_non_commercial_model_says_so_once_when_it_is_fetched(
    server: FakeHub, tiny_mt5: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.publish("deutsche-telekom/mt5-small-sum-de-en-v1", tiny_mt5, commit=COMMIT)
    assert main(["models", "fetch", "mt5-small-sum-de-en"]) == 0
    assert capsys.readouterr().err.count("not for commercial use") == 1
    assert main(["models", "fetch", "mt5-small-sum-de-en"]) == 0
    assert capsys.readouterr().err == ""
    assert main(["models", "verify", "mt5-small-sum-de-en"]) == 0


def test_verify_compares_files_and_conversion(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    main(["models", "fetch", "opus-mt-de-en"])
    capsys.readouterr()
    assert main(["models", "verify", "opus-mt-de-en"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("    ")]
    assert {line[0] for line in lines} == {"ok"}
    compared = {(line[1], " ".join(line[3:])) for line in lines}
    assert {
        ("pytorch_model.bin", "pin"), ("source.spm", "pin"), ("target.spm", "pin"), ("vocab.json", "pin"),
        ("config.json", "hub's hash"), ("model.bin", "known answer"), ("shared_vocabulary.json", "known answer"),
        ("model.bin", "record"),
    } <= compared  # fmt: skip


def test_verify_without_a_name_looks_at_what_is_there(server: FakeHub, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "newsmt-mini-de-en"
    main(["models", "fetch", "opus-mt-de-en"])
    capsys.readouterr()
    assert main(["models", "verify"]) == 0
    assert "opus-mt-de-en" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("model", "name"),
    [("opus-mt-de-en", "pytorch_model.bin"), ("opus-mt-de-en", "config.json"), (THEIRS, "target.spm")],
)
def test_verify_finds_a_damaged_file_and_fetch_mends_it(
    server: FakeHub, model: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["models", "fetch", model])
    (path,) = (Path(registry.resolve(model).directory) / name,)
    sound = path.read_bytes()
    flip(path)
    capsys.readouterr()
    assert main(["models", "verify", model]) == 1
    captured = capsys.readouterr()
    assert [line for line in captured.out.splitlines() if "WRONG" in line and name in line]
    assert f"newsmt models fetch {model}" in captured.err
    assert main(["models", "fetch", model]) == 0
    assert path.read_bytes() == sound
    assert main(["models", "verify", model]) == 0


def test_verify_finds_a_conversion_that_is_not_the_known_one(
    server: FakeHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    main(["models", "fetch", "opus-mt-de-en"])
    assert main(["models", "verify", "opus-mt-de-en"]) == 0
    directory = registry.ctranslate2_directory(registry.resolve("opus-mt-de-en"))
    flip(directory / "model.bin")
    capsys.readouterr()
    assert main(["models", "verify", "opus-mt-de-en"]) == 1
    captured = capsys.readouterr()
    assert "WRONG  model.bin" in captured.out
    assert f"remove {directory}" in captured.err


def test_verify_of_a_model_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "verify", "opus-mt-de-en"]) == 1
    assert "opus-mt-de-en is not on this machine" in capsys.readouterr().err


def test_convert_makes_a_model_that_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    destination = tmp_path / "converted"
    assert main(["models", "convert", "newsmt-mini-de-en", str(destination), "--precision", "float32"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith(f"newsmt-mini-de-en: {destination} (float32")
    checkpoint = registry.resolve(destination)
    assert checkpoint.spec.name == "newsmt-mini-de-en"
    assert checkpoint.spec.normalization == "ascii"
    assert main(["models", "verify", str(destination)]) == 0
    assert main(["models", "convert", "newsmt-mini-de-en", str(destination)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["models", "convert", str(destination), str(tmp_path / "again")]) == 2
    assert "is a CTranslate2 model already" in capsys.readouterr().err
    assert main(["models", "convert", "newsmt-mini-de-en", str(tmp_path / "x"), "--precision", "int3"]) == 2
    assert "int3" in capsys.readouterr().err
