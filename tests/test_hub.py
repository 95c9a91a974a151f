"""Fetching models, against a real HTTP server that speaks the hub's protocol."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hub_server import FakeHub, running_hub

from newsmt import hub, registry
from newsmt.checkpoint import FilePin, ModelSpec
from newsmt.errors import HubError, ModelFilesError
from newsmt.registry import find_spec, forget_auto, resolve, resolve_auto

COMMIT = "0123456789abcdef0123456789abcdef01234567"
NEWER = "fedcba9876543210fedcba9876543210fedcba98"
THEIRS = "someone/their-marian"
OPUS = "Helsinki-NLP/opus-mt-de-en"


@pytest.fixture(scope="module")
def opus_mt(tiny_opus_mt: Path) -> Path:
    return tiny_opus_mt


@pytest.fixture(autouse=True)
def clean_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A machine without models, whose network ends at a closed port."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("NEWSMT_CACHE", str(tmp_path / "newsmt"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)  # read once, when it was imported
    monkeypatch.setattr(hub, "RETRY_SECONDS", 0.01)
    logger = logging.getLogger("newsmt")
    monkeypatch.setattr(logger, "handlers", [*logger.handlers, caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    forget_auto()
    yield
    forget_auto()


@pytest.fixture
def server(opus_mt: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHub]:
    with running_hub() as running:
        running.publish(THEIRS, opus_mt, commit=COMMIT)
        monkeypatch.setenv("HF_ENDPOINT", running.address)
        yield running


def pinned_to(directory: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> ModelSpec:
    """The registry with opus-mt-de-en pinned to the files of a directory."""
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    pins = {
        name: FilePin(hashlib.sha256((directory / name).read_bytes()).hexdigest(), (directory / name).stat().st_size)
        for name in spec.files
    }
    pinned = replace(spec, files=pins, conversion={}, **changes)  # type: ignore[arg-type]
    others = [one for one in registry.MODELS if one.name != spec.name]
    monkeypatch.setattr(registry, "MODELS", (pinned, *others))
    return pinned


def blobs(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "hf" / "hub").glob("models--*/blobs/*"))


# A model of anybody's: no pins, the commit is recorded


def test_first_fetch_brings_the_files_a_model_needs_and_records_the_commit(server: FakeHub, opus_mt: Path) -> None:
    (server.models[THEIRS][COMMIT])["tf_model.h5"] = b"not needed"
    checkpoint = resolve(THEIRS)
    assert checkpoint.revision == COMMIT
    assert checkpoint.spec.name == checkpoint.spec.hub_id == THEIRS
    assert checkpoint.spec.normalization == "opus-mt"
    assert checkpoint.spec.source_languages == ("de",)
    assert {path.name for path in checkpoint.directory.iterdir()} == {path.name for path in opus_mt.iterdir()}
    for path in checkpoint.directory.iterdir():
        assert path.read_bytes() == (opus_mt / path.name).read_bytes()


def test_the_second_start_asks_nobody(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    first = resolve(THEIRS)
    asked = len(server.requests)
    assert resolve(THEIRS) == first
    assert len(server.requests) == asked
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert resolve(THEIRS, local_files_only=True) == first


def test_a_second_process_asks_nobody_and_does_not_even_import_the_hub_library(server: FakeHub) -> None:
    first = resolve(THEIRS)
    program = (
        "import sys\nfrom newsmt.registry import resolve\n"
        f"print(resolve({THEIRS!r}).fingerprint, 'huggingface_hub.file_download' in sys.modules)\n"
    )
    environment = os.environ | {"HF_ENDPOINT": "http://127.0.0.1:9"}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.split() == [first.fingerprint, "False"]


def test_the_cache_is_the_one_of_huggingface_hub(server: FakeHub, tmp_path: Path) -> None:
    from huggingface_hub import try_to_load_from_cache

    checkpoint = resolve(THEIRS)
    found = try_to_load_from_cache(THEIRS, "pytorch_model.bin", cache_dir=tmp_path / "hf" / "hub")
    assert isinstance(found, str)
    assert Path(found) == checkpoint.directory / "pytorch_model.bin"


def test_hf_hub_cache_is_honoured(server: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    assert resolve(THEIRS).directory.is_relative_to(tmp_path / "elsewhere")


def test_another_revision_is_another_model(server: FakeHub) -> None:
    resolve(THEIRS)
    server.models[THEIRS][NEWER] = dict(server.models[THEIRS][COMMIT])
    server.models[THEIRS][NEWER]["generation_config.json"] = b'{"num_beams": 6}'
    server.branches[THEIRS, "main"] = NEWER
    assert resolve(THEIRS).revision == COMMIT  # what is there is taken as it is
    assert resolve(THEIRS, revision=NEWER).revision == NEWER
    assert len([path for path in server.paths("GET") if "/storage/" in path]) == 3  # weights and pieces came once


def test_a_branch_name_is_remembered(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    server.branches[THEIRS, "v2"] = COMMIT
    first = resolve(THEIRS, revision="v2")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert resolve(THEIRS, revision="v2") == first
    with pytest.raises(HubError, match="cannot be reached"):
        resolve(THEIRS)  # main was never asked for


def test_safetensors_are_preferred_and_shards_come_whole(
    server: FakeHub, opus_mt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import save

    files = server.models[THEIRS][COMMIT]
    weights = {name: tensor.clone() for name, tensor in torch.load(opus_mt / "pytorch_model.bin").items()}
    names = sorted(weights)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, part in parts.items():
        files[file] = save({name: weights[name] for name in part})
    index = {"weight_map": {name: file for file, part in parts.items() for name in part}}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    checkpoint = resolve(THEIRS)
    assert set(parts) < set(checkpoint.files)
    assert not (checkpoint.directory / "pytorch_model.bin").exists()


def test_threads_that_want_the_same_model_fetch_it_once(server: FakeHub) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(resolve(THEIRS))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(map(str, found))) == 1
    assert len([path for path in server.paths("GET") if "/storage/" in path]) == 3  # weights, source and target pieces


def test_large_files_have_a_progress_bar_on_a_terminal_or_when_asked_for(
    server: FakeHub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(hub, "CHUNK_BYTES", 50_000)  # what counts as large follows from it
    shown = {}
    for progress in (None, False, True):
        monkeypatch.setenv("HF_HOME", str(tmp_path / str(progress)))
        resolve(THEIRS, progress=progress)
        shown[progress] = capsys.readouterr().err
    assert shown[None] == shown[False] == ""  # captured: no terminal
    assert "pytorch_model.bin: 100%" in shown[True]
    assert "vocab.json" not in shown[True]


# What goes wrong on the way


def test_an_interrupted_download_is_continued_in_the_same_run(server: FakeHub) -> None:
    server.cut_after = {"pytorch_model.bin": [20_000]}
    resolve(THEIRS)
    ranges = [request.range for request in server.requests if "/storage/" in request.path and request.range]
    assert ranges == ["bytes=20000-"]


def test_an_interrupted_download_is_continued_by_the_next_run(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "ATTEMPTS", 1)
    server.cut_after = {"pytorch_model.bin": [20_000, 0]}
    with pytest.raises(HubError, match=r"broke off at 20,000 of [\d,]+ bytes.*continues it"):
        resolve(THEIRS)
    server.requests.clear()
    checkpoint = resolve(THEIRS)
    fetched = [request for request in server.requests if "/storage/" in request.path]
    assert len(fetched) == 1
    assert fetched[0].range is not None
    assert (checkpoint.directory / "pytorch_model.bin").read_bytes() == server.models[THEIRS][COMMIT][
        "pytorch_model.bin"
    ]


def test_a_killed_process_leaves_a_part_that_is_continued(server: FakeHub, tmp_path: Path) -> None:
    weights = server.models[THEIRS][COMMIT]["pytorch_model.bin"]
    partial = (
        tmp_path
        / "hf/hub/models--someone--their-marian/blobs"
        / (hashlib.sha256(weights).hexdigest() + ".newsmt.incomplete")
    )
    partial.parent.mkdir(parents=True)
    partial.write_bytes(weights[:30_000])
    resolve(THEIRS)
    assert "bytes=30000-" in [request.range for request in server.requests]
    assert not partial.exists()


@pytest.mark.parametrize("part", [b"x" * 30_000, b"x" * 10_000_000], ids=["other-bytes", "too-long"])
def test_a_part_that_does_not_fit_is_fetched_anew(server: FakeHub, tmp_path: Path, part: bytes) -> None:
    weights = server.models[THEIRS][COMMIT]["pytorch_model.bin"]
    digest = hashlib.sha256(weights).hexdigest()
    partial = tmp_path / "hf/hub/models--someone--their-marian/blobs" / f"{digest}.newsmt.incomplete"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(part)
    assert (resolve(THEIRS).directory / "pytorch_model.bin").read_bytes() == weights


def test_a_server_that_ignores_ranges_still_gives_the_right_file(server: FakeHub) -> None:
    server.ignores_ranges = True
    server.cut_after = {"pytorch_model.bin": [20_000]}
    content = (resolve(THEIRS).directory / "pytorch_model.bin").read_bytes()
    assert content == server.models[THEIRS][COMMIT]["pytorch_model.bin"]


@pytest.mark.parametrize("name", ["pytorch_model.bin", "source.spm", "vocab.json", "config.json"])
def test_a_file_that_arrives_corrupted_is_refused_and_not_kept(server: FakeHub, tmp_path: Path, name: str) -> None:
    server.altered = {name}
    with pytest.raises(ModelFilesError, match=f"{name} of {THEIRS} arrived damaged"):
        resolve(THEIRS)
    assert not list((tmp_path / "hf" / "hub").glob(f"models--*/snapshots/*/{name}"))
    server.altered = set()
    assert resolve(THEIRS).revision == COMMIT


def test_a_file_damaged_on_disk_is_found_and_fetched_again(server: FakeHub) -> None:
    weights = resolve(THEIRS).directory / "pytorch_model.bin"
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 0xFF
    time.sleep(0.02)
    weights.resolve().write_bytes(bytes(content))
    with pytest.raises(ModelFilesError, match=rf"pytorch_model\.bin is damaged.*newsmt models fetch {THEIRS}"):
        resolve(THEIRS)
    assert registry.fetch(THEIRS).revision == COMMIT
    assert weights.read_bytes() == server.models[THEIRS][COMMIT]["pytorch_model.bin"]


def test_a_wrong_revision_says_so(server: FakeHub) -> None:
    with pytest.raises(HubError, match="no revision 'v9'"):
        resolve(THEIRS, revision="v9")
    with pytest.raises(HubError, match=f"no revision '{NEWER}'"):
        resolve(THEIRS, revision=NEWER)
    with pytest.raises(HubError, match="is no revision"):
        resolve(THEIRS, revision="../../etc")


def test_a_hub_that_answers_with_another_commit_is_refused(server: FakeHub) -> None:
    server.answers_commit = NEWER
    with pytest.raises(HubError, match=f"answered with revision {NEWER}.*{COMMIT} was asked for"):
        resolve(THEIRS, revision=COMMIT)


def test_an_unknown_model_and_a_model_without_weights(server: FakeHub, opus_mt: Path) -> None:
    with pytest.raises(HubError, match=r"no nobody/nothing.*check the name"):
        resolve("nobody/nothing")
    del server.models[THEIRS][COMMIT]["pytorch_model.bin"]
    with pytest.raises(ModelFilesError, match="no weights"):
        resolve(THEIRS)
    del server.models[THEIRS][COMMIT]["config.json"]
    server.publish("someone/empty", opus_mt, commit=NEWER)
    del server.models["someone/empty"][NEWER]["config.json"]
    with pytest.raises(HubError, match=r"no config\.json"):
        resolve("someone/empty")


def test_a_model_of_another_kind_is_refused_before_its_weights_are_fetched(server: FakeHub) -> None:
    server.models[THEIRS][COMMIT]["config.json"] = b'{"model_type": "llama"}'
    with pytest.raises(ModelFilesError, match="'llama' model"):
        resolve(THEIRS)
    assert len(server.paths()) == 2


# A hub that is not there: an error within 5 seconds (asserted by the deadline given to the look-up, not by a clock)


def test_a_refused_connection(clean_machine: None) -> None:
    with pytest.raises(HubError, match=r"http://127\.0\.0\.1:9 cannot be reached.*newsmt models fetch"):
        resolve(THEIRS)


def test_a_name_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.invalid")
    with pytest.raises(HubError, match=r"hub\.invalid cannot be reached"):
        resolve(THEIRS)


def test_a_name_lookup_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: released.wait(30))
    monkeypatch.setattr(hub, "CONTACT_SECONDS", 0.2)
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example")
    with pytest.raises(HubError, match=r"no answer within 0\.2 seconds"):
        resolve(THEIRS)
    released.set()


def test_a_server_that_accepts_and_never_answers(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "CONTACT_SECONDS", 0.2)
    server.silent = True
    with pytest.raises(HubError, match=r"cannot be reached \((no answer|timed out)"):
        resolve(THEIRS)


def test_the_deadline_of_a_contact_is_under_five_seconds() -> None:
    assert hub.CONTACT_SECONDS < 5


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_hub_that_is_out_of_order(server: FakeHub, status: int) -> None:
    server.status = status
    with pytest.raises(HubError, match=rf"out of order \(HTTP {status}\)"):
        resolve(THEIRS)


def test_a_page_that_is_no_hub(server: FakeHub) -> None:
    server.status = 200  # a portal that answers everything
    with pytest.raises(HubError, match="does not answer like a model hub"):
        resolve(THEIRS)


def test_offline_asks_nobody(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(HubError, match="HF_HUB_OFFLINE is set"):
        resolve(THEIRS)
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(HubError, match="only files on this machine"):
        resolve(THEIRS, local_files_only=True)
    assert server.requests == []


def test_a_proxy_is_used(server: FakeHub) -> None:
    """The hub's address leads nowhere; the server is reached as the proxy for it."""
    program = f"from newsmt.registry import resolve\nprint(resolve({THEIRS!r}).revision)\n"
    environment = os.environ | {
        "HF_ENDPOINT": "http://hub.invalid", "HTTP_PROXY": server.address, "NO_PROXY": "localhost",
    }  # fmt: skip
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert run.stdout.strip() == COMMIT, run.stderr


def test_a_cache_that_cannot_be_written(server: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "hf").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises(HubError, match=r"cannot be stored.*HF_HOME"):
        resolve(THEIRS)


# The pinned model


def test_another_file_than_the_pinned_one_is_refused_before_it_is_fetched(server: FakeHub, opus_mt: Path) -> None:
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    assert spec.revision is not None
    server.publish(OPUS, opus_mt, commit=spec.revision)
    expected = spec.files["source.spm"].sha256
    for name in ("opus-mt-de-en", OPUS):
        with pytest.raises(
            ModelFilesError, match=rf"another \S+ of {OPUS} than the pinned one \(SHA-256 [0-9a-f]{{64}}"
        ):
            resolve(name)
    assert not any("/storage/" in path for path in server.paths())
    assert expected not in [path.name for path in blobs(Path(os.environ["HF_HOME"]).parent)]


def test_the_pinned_model_is_fetched_when_it_is_the_right_one(
    server: FakeHub, opus_mt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = pinned_to(opus_mt, monkeypatch)
    assert spec.revision is not None
    server.publish(OPUS, opus_mt, commit=spec.revision)
    checkpoint = resolve("opus-mt-de-en")
    assert checkpoint.spec == spec
    assert checkpoint.revision == spec.revision
    assert resolve(OPUS) == checkpoint
    assert not [path for path in server.paths() if path.endswith("safetensors")]


def test_the_pinned_revision_must_be_there(server: FakeHub, opus_mt: Path) -> None:
    server.publish(OPUS, opus_mt, commit=COMMIT)
    with pytest.raises(HubError, match="no revision '1a922f3b"):
        resolve("opus-mt-de-en")


def test_a_revision_named_by_the_user_is_not_compared_with_the_pins(server: FakeHub, opus_mt: Path) -> None:
    server.publish(OPUS, opus_mt, commit=COMMIT)
    checkpoint = resolve("opus-mt-de-en", revision="main")
    assert checkpoint.revision == COMMIT
    assert checkpoint.spec.files == {}
    assert checkpoint.spec.normalization == "opus-mt"


def test_a_pinned_file_damaged_on_disk_names_file_hashes_and_remedy(
    server: FakeHub, opus_mt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = pinned_to(opus_mt, monkeypatch)
    assert spec.revision is not None
    server.publish(OPUS, opus_mt, commit=spec.revision)
    path = resolve("opus-mt-de-en").directory / "pytorch_model.bin"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    time.sleep(0.02)
    path.resolve().write_bytes(bytes(content))
    actual = hashlib.sha256(bytes(content)).hexdigest()
    expected = spec.files["pytorch_model.bin"].sha256
    with pytest.raises(ModelFilesError, match=rf"pytorch_model\.bin.*{actual}.*{expected}.*models fetch opus-mt-de-en"):
        resolve("opus-mt-de-en")
    registry.fetch("opus-mt-de-en")
    assert resolve("opus-mt-de-en").revision == spec.revision


# auto


def test_auto_takes_the_standard_model_when_it_can_be_fetched(
    server: FakeHub, opus_mt: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spec = pinned_to(opus_mt, monkeypatch)
    assert spec.revision is not None
    server.publish(OPUS, opus_mt, commit=spec.revision)
    assert resolve_auto().spec == spec
    assert caplog.records == []


def test_auto_falls_back_to_the_bundled_model_once_with_one_warning(
    server: FakeHub, opus_mt: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with caplog.at_level(logging.WARNING, logger="newsmt"):
        first = resolve_auto()
        spec = pinned_to(opus_mt, monkeypatch)
        assert spec.revision is not None
        server.publish(OPUS, opus_mt, commit=spec.revision)
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        assert resolve_auto() is first  # decided once
    assert first.spec.name == "newsmt-mini-de-en"
    (record,) = caplog.records
    message = record.getMessage()
    assert "far below opus-mt-de-en's" in message
    assert "newsmt models fetch opus-mt-de-en" in message
    assert "\n" not in message
    forget_auto()
    assert resolve_auto().spec.name == "opus-mt-de-en"


def test_auto_does_not_contact_the_hub_when_offline(server: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert resolve_auto().spec.bundled
    assert server.requests == []


def test_auto_does_not_replace_a_forged_model(server: FakeHub, opus_mt: Path) -> None:
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    assert spec.revision is not None
    server.publish(OPUS, opus_mt, commit=spec.revision)
    with pytest.raises(ModelFilesError, match="pinned"):
        resolve_auto()


def test_a_named_model_is_never_replaced_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(HubError, match="cannot be reached"):
        resolve("opus-mt-de-en")
