"""Names, directories, pins, the bundled model, and conversions in the cache."""

from __future__ import annotations

import json
import logging
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from newsmt import cache, conversion
from newsmt.checkpoint import own_facts
from newsmt.convert import convert
from newsmt.errors import ModelFilesError, UnknownModelError, UsageError
from newsmt.normalization import NORMALIZATIONS
from newsmt.registry import (
    BUNDLED_MODEL,
    available_models,
    bundled_directory,
    ctranslate2_directory,
    find_spec,
    resolve,
)


@pytest.fixture(autouse=True)
def clean_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Path:
    monkeypatch.setenv("NEWSMT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(cache, "_digests", {})
    monkeypatch.setattr(conversion, "_warned", False)
    logger = logging.getLogger("newsmt")
    monkeypatch.setattr(logger, "handlers", [*logger.handlers, caplog.handler])
    monkeypatch.setattr(logger, "propagate", False)
    return tmp_path / "cache"


@pytest.fixture
def marian(tiny_marian: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return shutil.copytree(tiny_marian, tmp_path / "my-marian")


# The table


def test_every_name_of_the_documentation_is_there() -> None:
    specs = {spec.name: spec for spec in available_models()}
    assert set(specs) == {"opus-mt-de-en", "newsmt-mini-de-en", "mt5-small-sum-de-en", "mt5-xlsum"}
    assert [name for name, spec in specs.items() if spec.bundled] == [BUNDLED_MODEL]
    for spec in specs.values():
        assert spec.normalization in NORMALIZATIONS
        assert spec.licence != "unknown"
        assert spec.description
        assert spec.bundled == (spec.hub_id is None)
        assert pickle.loads(pickle.dumps(spec)) == spec  # worker processes are handed specs
        assert isinstance(hash(spec), int)


def test_opus_mt_is_pinned_to_a_commit_and_to_the_files_that_decide() -> None:
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    assert spec is find_spec("Helsinki-NLP/opus-mt-de-en")
    assert spec.revision is not None
    assert len(spec.revision) == 40
    assert set(spec.files) == {"pytorch_model.bin", "source.spm", "target.spm", "vocab.json"}
    assert all(len(pin.sha256) == 64 for pin in (*spec.files.values(), *spec.conversion.values()))


@pytest.mark.shared
def test_the_pinned_vocabulary_is_the_real_one(shared: Path) -> None:
    spec = find_spec("opus-mt-de-en")
    assert spec is not None
    path = shared / "hub" / "Helsinki-NLP" / "opus-mt-de-en" / "vocab.json"
    assert cache.file_digest(path) == spec.files["vocab.json"].sha256
    assert path.stat().st_size == spec.files["vocab.json"].size


@pytest.mark.parametrize("name", ["opus-mt-de-em", "opus-mt", "opus_mt_de_en", "Opus-MT-de-en"])
def test_an_unknown_name_shows_near_matches(name: str) -> None:
    with pytest.raises(
        UnknownModelError, match=rf"no model '{name}': did you mean opus-mt-de-en\?.*newsmt models list"
    ):
        resolve(name)


def test_an_unknown_name_like_nothing_shows_all() -> None:
    with pytest.raises(UnknownModelError) as caught:
        resolve("xyzzy")
    assert "did you mean" not in str(caught.value)
    for spec in available_models():
        assert spec.name in str(caught.value)


@pytest.mark.parametrize("name", ["./models/none", "/no/such/model", "~/none", "a/b/c"])
def test_a_directory_that_does_not_exist(name: str) -> None:
    with pytest.raises(UnknownModelError, match="directory does not exist"):
        resolve(name)


def test_a_revision_is_a_matter_of_the_hub(marian: Path) -> None:
    for model in (BUNDLED_MODEL, str(marian), "auto"):
        with pytest.raises(UsageError, match=r"revision='v2'.*only models of the hub"):
            resolve(model, revision="v2")


def test_a_file_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.zip").write_bytes(b"PK")
    with pytest.raises(ModelFilesError, match=r"model\.zip is a file; a model is a directory"):
        resolve(str(tmp_path / "model.zip"))
    with pytest.raises(ModelFilesError, match="does not exist"):
        resolve(tmp_path / "none")


# The bundled model


def test_the_bundled_model_needs_no_hub_and_translates(clean_cache: Path) -> None:
    import ctranslate2
    from sentencepiece import SentencePieceProcessor

    checkpoint = resolve(BUNDLED_MODEL)
    assert checkpoint.directory == bundled_directory()
    assert checkpoint.spec.normalization == "ascii"
    directory = ctranslate2_directory(checkpoint)
    assert directory.is_relative_to(clean_cache)
    pieces = SentencePieceProcessor(model_file=str(checkpoint.directory / "source.spm"))
    words = SentencePieceProcessor(model_file=str(checkpoint.directory / "target.spm"))
    translator = ctranslate2.Translator(str(directory), compute_type="int8")
    source = [*pieces.encode("Die Regierung hat am Montag ein Gesetz beschlossen.", out_type=str), "</s>"]
    (result,) = translator.translate_batch([source], beam_size=4)
    assert "government" in words.decode(result.hypotheses[0])


def test_the_bundled_model_is_the_same_by_name_and_by_directory() -> None:
    assert resolve(bundled_directory()) == resolve(str(bundled_directory())) == resolve(BUNDLED_MODEL)


def test_loading_the_bundled_model_imports_neither_torch_nor_the_hub_library() -> None:
    program = (
        "import sys\nfrom newsmt.registry import resolve\n"
        f"resolve({BUNDLED_MODEL!r})\n"
        "print([name for name in ('torch', 'transformers', 'numpy', 'ctranslate2', 'huggingface_hub', 'safetensors') "
        "if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


# Directories


def test_a_directory_says_itself_what_it_is(marian: Path) -> None:
    checkpoint = resolve(str(marian))
    spec = checkpoint.spec
    assert (spec.name, spec.task, spec.architecture) == ("my-marian", "translation", "marian")
    assert (spec.source_languages, spec.target_language) == (("de",), "en")
    assert (spec.max_source_tokens, spec.max_target_tokens) == (511, 512)
    assert checkpoint.revision is None
    assert checkpoint.files == (
        "config.json", "generation_config.json", "model.safetensors", "source.spm", "target.spm",
        "tokenizer_config.json", "vocab.json",
    )  # fmt: skip


def test_normalization_follows_from_the_vocabulary(marian: Path) -> None:
    assert resolve(marian).spec.normalization == "opus-mt"  # no piece for typographic quotation marks
    vocabulary = json.loads((marian / "vocab.json").read_text(encoding="utf-8"))
    renamed = {number: piece for piece, number in vocabulary.items()} | {9: "“", 10: "”", 11: "’"}
    (marian / "vocab.json").write_text(json.dumps({piece: number for number, piece in renamed.items()}), "utf-8")
    assert resolve(marian).spec.normalization == "none"


def test_newsmt_json_overrules_what_was_concluded(marian: Path) -> None:
    facts = {"normalization": "ascii", "max_source_tokens": 80, "licence": "CC0-1.0", "note": "not a fact"}
    (marian / "newsmt.json").write_text(json.dumps(facts), encoding="utf-8")
    spec = resolve(marian).spec
    assert (spec.normalization, spec.max_source_tokens, spec.licence) == ("ascii", 80, "CC0-1.0")
    (marian / "newsmt.json").write_text('{"max_source_tokens": "many"}', encoding="utf-8")
    with pytest.raises(ModelFilesError, match=r'newsmt\.json has max_source_tokens="many"; a int was expected'):
        resolve(marian)


def test_a_summariser_in_a_directory(tiny_mt5: Path, tmp_path: Path) -> None:
    source = shutil.copytree(tiny_mt5, tmp_path / "sum")
    parameters = {"summarization": {"prefix": "summarize: ", "max_length": 96, "no_repeat_ngram_size": 3}}
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    (source / "config.json").write_text(json.dumps(config | {"task_specific_params": parameters}), encoding="utf-8")
    spec = resolve(source).spec
    assert (spec.task, spec.architecture) == ("summarization", "mt5")
    assert (spec.prefix, spec.max_target_tokens, spec.no_repeat_ngram_size) == ("summarize: ", 96, 3)
    assert "float16" in spec.unsuitable_precisions


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "target.spm", "model.safetensors"])
def test_a_missing_file_is_named(marian: Path, name: str) -> None:
    (marian / name).unlink()
    with pytest.raises(ModelFilesError, match=rf"my-marian lacks .*{name}"):
        resolve(marian)


@pytest.mark.parametrize("name", ["config.json", "vocab.json", "source.spm", "target.spm"])
@pytest.mark.parametrize(
    "content", [b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", b"\0\xff<html>"]
)
def test_a_damaged_file_is_named(marian: Path, name: str, content: bytes) -> None:
    (marian / name).write_bytes(content)
    with pytest.raises(ModelFilesError, match=name):
        resolve(marian)


@pytest.mark.parametrize("damage", ["cut", "empty"])
def test_damaged_weights_are_named_when_they_are_converted(marian: Path, damage: str) -> None:
    path = marian / "model.safetensors"
    path.write_bytes(path.read_bytes()[:5000] if damage == "cut" else b"")
    with pytest.raises(ModelFilesError, match=r"model\.safetensors"):
        ctranslate2_directory(resolve(marian))


def test_a_checkpoint_of_another_architecture_is_refused(marian: Path) -> None:
    (marian / "config.json").write_text('{"model_type": "bart"}', encoding="utf-8")
    with pytest.raises(ModelFilesError, match="model_type='bart'; newsmt runs marian, mt5, t5"):
        resolve(marian)


def test_a_sharded_checkpoint_without_a_shard(marian: Path) -> None:
    (marian / "model.safetensors").unlink()
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (marian / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    with pytest.raises(ModelFilesError, match=r"lacks model-1\.safetensors, model-2\.safetensors"):
        resolve(marian)
    (marian / "model.safetensors.index.json").write_text('{"weight_map": {"a": "../../etc/passwd"}}', encoding="utf-8")
    with pytest.raises(ModelFilesError, match="no index of weight files"):
        resolve(marian)


def test_a_converted_directory_is_a_model(marian: Path, tmp_path: Path) -> None:
    facts = own_facts(replace(resolve(marian).spec, normalization="ascii", name="mine"))
    convert(marian, tmp_path / "converted", facts=facts)
    checkpoint = resolve(tmp_path / "converted")
    assert checkpoint.format == "ctranslate2"
    assert (checkpoint.spec.name, checkpoint.spec.normalization) == ("mine", "ascii")
    assert ctranslate2_directory(checkpoint) == tmp_path / "converted"

    (tmp_path / "converted" / "newsmt.json").unlink()  # converted by CTranslate2's own tool
    assert resolve(tmp_path / "converted").spec.architecture == "marian"
    (tmp_path / "converted" / "source.spm").unlink()
    with pytest.raises(ModelFilesError, match=r"CTranslate2 model but lacks source\.spm and target\.spm"):
        resolve(tmp_path / "converted")


# Fingerprints


def test_the_fingerprint_is_of_the_contents(marian: Path, tmp_path: Path) -> None:
    first = resolve(marian)
    copy = shutil.copytree(marian, tmp_path / "copy")
    assert resolve(copy).fingerprint == first.fingerprint
    (copy / "README.md").write_text("no part of the model", encoding="utf-8")
    assert resolve(copy).fingerprint == first.fingerprint
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    time.sleep(0.02)
    (copy / "model.safetensors").write_bytes(bytes(weights))
    assert resolve(copy).fingerprint != first.fingerprint


def test_weights_are_not_read_again_at_every_start(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = resolve(marian)
    monkeypatch.setattr(cache, "_digests", {})  # a new process

    def read(path: Path) -> str:
        raise AssertionError(f"{path} was read again")

    monkeypatch.setattr(cache, "read_digest", read)
    assert resolve(marian) == first


# Conversions in the cache


def test_a_conversion_is_made_once(marian: Path, monkeypatch: pytest.MonkeyPatch, clean_cache: Path) -> None:
    checkpoint = resolve(marian)
    directory = ctranslate2_directory(checkpoint)
    assert directory.is_relative_to(clean_cache)

    def again(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("converted again")

    monkeypatch.setattr(conversion, "convert", again)
    assert ctranslate2_directory(checkpoint) == directory


def test_precision_version_and_contents_each_make_another_conversion(
    marian: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = resolve(marian)
    made = {ctranslate2_directory(checkpoint), ctranslate2_directory(checkpoint, "float32")}
    monkeypatch.setattr(conversion, "CONVERTER_VERSION", 99)
    made.add(ctranslate2_directory(checkpoint))
    made.add(ctranslate2_directory(replace(checkpoint, fingerprint="0" * 64)))
    assert len(made) == 4
    record = conversion.conversion_record(next(iter(made)))
    assert record is not None
    assert set(record["files"]) == {"config.json", "model.bin", "shared_vocabulary.json"}


@pytest.mark.parametrize("damage", ["cut", "gone", "no-record"])
def test_a_damaged_conversion_is_made_again(marian: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    checkpoint = resolve(marian)
    directory = ctranslate2_directory(checkpoint)
    whole = (directory / "model.bin").read_bytes()
    if damage == "cut":
        (directory / "model.bin").write_bytes(whole[:100])
    else:
        (directory / ("model.bin" if damage == "gone" else "conversion.json")).unlink()
    assert ctranslate2_directory(checkpoint) == directory
    assert (directory / "model.bin").read_bytes() == whole
    assert "was damaged and is made again" in caplog.text
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_two_processes_at_once_get_one_sound_conversion(marian: Path, clean_cache: Path, tmp_path: Path) -> None:
    program = (
        "import sys, time\nsys.modules['torch'] = None\nfrom pathlib import Path\n"
        "from newsmt.registry import ctranslate2_directory, resolve\n"
        "import numpy, ctranslate2.specs\n"
        "checkpoint = resolve(Path(sys.argv[1]))\n"
        "(Path(sys.argv[2]) / sys.argv[3]).touch()\n"
        "while len(list(Path(sys.argv[2]).iterdir())) < 2: time.sleep(0.005)\n"
        "print(ctranslate2_directory(checkpoint))\n"
    )
    (tmp_path / "ready").mkdir()
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(marian), str(tmp_path / "ready"), name],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in "ab"
    ]  # fmt: skip
    outputs = [run.communicate(timeout=100) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    directory = Path(outputs[0][0].strip())
    assert list((clean_cache / "conversions").iterdir()) == [directory]
    convert(marian, tmp_path / "alone")
    assert (directory / "model.bin").read_bytes() == (tmp_path / "alone" / "model.bin").read_bytes()


def test_many_threads_convert_once(marian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = resolve(marian)
    conversions = []

    def counted(*arguments: Any, **options: Any) -> None:
        conversions.append(arguments)
        convert(*arguments, **options)

    monkeypatch.setattr(conversion, "convert", counted)
    threads = [threading.Thread(target=ctranslate2_directory, args=(checkpoint,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conversions) == 1


def test_what_a_killed_process_left_is_removed_after_a_day(marian: Path, clean_cache: Path) -> None:
    place = clean_cache / "conversions"
    for name, age in ((".old.partial", 2 * 24 * 3600), (".fresh.partial", 60)):
        (place / name).mkdir(parents=True)
        os.utime(place / name, (time.time() - age,) * 2)
    ctranslate2_directory(resolve(marian))
    assert [path.name for path in place.glob(".*")] == [".fresh.partial"]


@pytest.mark.parametrize("obstacle", ["file", "read-only"])
def test_a_cache_that_cannot_be_written_costs_a_warning(
    marian: Path, tmp_path: Path, obstacle: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    place = tmp_path / "unwritable"
    if obstacle == "file":
        place.write_text("in the way", encoding="utf-8")
    else:
        place.mkdir(mode=0o500)
        if os.access(place, os.W_OK):
            pytest.skip("this user may write everywhere")
    monkeypatch.setenv("NEWSMT_CACHE", str(place))
    checkpoint = resolve(marian)
    directory = ctranslate2_directory(checkpoint)
    assert (directory / "model.bin").is_file()
    assert ctranslate2_directory(checkpoint) == directory
    (record,) = (one for one in caplog.records if one.levelno == logging.WARNING)
    assert "cannot be written" in record.getMessage()
    assert "NEWSMT_CACHE" in record.getMessage()
    shutil.rmtree(directory.parent)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"NEWSMT_CACHE": "/x/y"}, "/x/y"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/newsmt"),
        ({"HOME": "/h"}, "/h/.cache/newsmt"),
    ],
    ids=["own", "xdg", "home"],
)
@pytest.mark.skipif(sys.platform != "linux", reason="paths of Linux")
def test_where_the_cache_is(environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NEWSMT_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache.cache_directory() == Path(expected)
