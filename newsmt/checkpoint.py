"""A model's facts (ModelSpec) and its weights on disk (Checkpoint)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal

from newsmt.cache import file_digest, link_target
from newsmt.errors import ModelFilesError

__all__ = [
    "Checkpoint",
    "FilePin",
    "ModelSpec",
    "open_checkpoint",
    "own_facts",
    "required_files",
    "verify_blobs",
    "verify_pins",
    "with_own_facts",
]

Task = Literal["translation", "summarization"]
Format = Literal["transformers", "ctranslate2"]

SPEC_FILE = "newsmt.json"
OPTIONAL_FILES = ("generation_config.json", "tokenizer_config.json", "special_tokens_map.json")
ARCHITECTURES = ("marian", "mt5", "t5")
# Beyond this a "model_max_length" is transformers' way to say that there is none.
LARGEST_PLAUSIBLE_LENGTH = 1_000_000
DEFAULT_T5_TOKENS = 512
TYPOGRAPHIC_QUOTES = "“”’"


@dataclass(frozen=True, slots=True)
class FilePin:
    """What a file of a pinned revision must be: its SHA-256 and, where known, its size in bytes."""

    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """What newsmt knows of a model.

    normalization: key into newsmt.normalization: what the model must not see.
    pretokenization: key into newsmt.backends.pretokenization: what is set apart before its pieces are made.
    max_source_tokens, max_target_tokens: limits in the model's own pieces, end of sentence excluded.
    segment_tokens: longest sentences that the model translates well; longer ones go clause by clause. None: no limit.
    prefix: what a summariser wants to read before the text.
    files: pinned files; empty for a model without pins, whose resolved revision is then recorded only.
    conversion: pinned files of the int8 conversion, where its known answer is published.
    download_bytes: about how much a fetch moves; None when not known.
    orders: for a summariser, which orders of translating and summarising it can take.
    unsuitable_precisions: precisions in which the model's numbers overflow.
    """

    name: str
    task: Task
    architecture: str
    hub_id: str | None = None
    revision: str | None = None
    source_languages: tuple[str, ...] = ()
    target_language: str = ""
    licence: str = "unknown"
    non_commercial: bool = False
    normalization: str = "none"
    pretokenization: str = "none"
    max_source_tokens: int = 511
    max_target_tokens: int = 512
    segment_tokens: int | None = None
    prefix: str = ""
    beam_size: int = 4
    no_repeat_ngram_size: int = 0
    orders: tuple[str, ...] = ()
    unsuitable_precisions: tuple[str, ...] = ()
    files: Mapping[str, FilePin] = field(default_factory=dict, hash=False)
    conversion: Mapping[str, FilePin] = field(default_factory=dict, hash=False)
    download_bytes: int | None = None
    bundled: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model's weights on disk, complete.

    revision: commit of the hub, None for a directory of the user's own.
    fingerprint: SHA-256 over names and contents of its files: the same for the same model wherever it lies.
    format: "transformers" (to be converted for CTranslate2) or "ctranslate2" (converted already).
    files: names of the files it consists of.
    """

    spec: ModelSpec
    directory: Path
    revision: str | None
    fingerprint: str
    format: Format = "transformers"
    files: tuple[str, ...] = ()


def open_checkpoint(
    directory: Path, *, spec: ModelSpec | None = None, revision: str | None = None, mend: str | None = None
) -> Checkpoint:
    """The checkpoint in a directory; without a spec, its facts are read from its own files.

    mend is the command that brings missing files. Raises ModelFilesError when a file is missing or damaged.
    """
    mend = mend or "copy the model's directory again, or name another"
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise ModelFilesError(f"{directory} {what}; a model is a directory with config.json, weights and vocabulary")
    converted = (directory / "model.bin").is_file()
    config = _read_config(directory, mend)
    if spec is None:
        spec = _spec_of_converted(directory) if converted else _spec_of(directory, config)
    files = _converted_files(directory, mend) if converted else _checkpoint_files(directory, config, spec, mend)
    return Checkpoint(
        spec=spec,
        directory=directory,
        revision=revision,
        fingerprint=_fingerprint(directory, files),
        format="ctranslate2" if converted else "transformers",
        files=files,
    )


def required_files(architecture: str, config: Mapping[str, Any]) -> tuple[str, ...]:
    """The files beside config.json and the weights without which a model of this architecture cannot run."""
    if architecture == "marian":
        shared = config.get("share_encoder_decoder_embeddings", True)
        return ("vocab.json", *(() if shared else ("target_vocab.json",)), "source.spm", "target.spm")
    return ("spiece.model",)


def verify_pins(checkpoint: Checkpoint, *, mend: str, afresh: bool = False) -> None:
    """Compare the checkpoint's files with the spec's pins; ModelFilesError names the first that differs."""
    for name, pin in checkpoint.spec.files.items():
        path = checkpoint.directory / name
        if not path.is_file():
            raise ModelFilesError(f"{checkpoint.directory} lacks {name}; {mend}")
        size = path.stat().st_size
        if pin.size is not None and size != pin.size:
            raise ModelFilesError(f"{path} has {size:,} bytes, but {checkpoint.spec.name} has {pin.size:,}; {mend}")
        digest = file_digest(path, afresh=afresh)
        if digest != pin.sha256:
            raise ModelFilesError(
                f"{path} is not the file that {checkpoint.spec.name} is pinned to: SHA-256 {digest}, expected "
                f"{pin.sha256}; {mend}"
            )


def verify_blobs(checkpoint: Checkpoint, *, mend: str) -> None:
    """Compare files of the hub's cache with their names there: large ones are stored under their SHA-256."""
    for name in checkpoint.files:
        blob = link_target(checkpoint.directory / name)
        if blob.parent.name == "blobs" and re.fullmatch(r"[0-9a-f]{64}", blob.name) and file_digest(blob) != blob.name:
            raise ModelFilesError(
                f"{checkpoint.directory / name} is damaged: SHA-256 {file_digest(blob)}, expected {blob.name}; {mend}"
            )


def _read_config(directory: Path, mend: str) -> dict[str, Any]:
    from newsmt.convert.weights import read_json

    if not (directory / "config.json").is_file():
        raise ModelFilesError(f"{directory} lacks config.json; {mend}")
    return read_json(directory / "config.json")


def _checkpoint_files(directory: Path, config: Mapping[str, Any], spec: ModelSpec, mend: str) -> tuple[str, ...]:
    from newsmt.convert.weights import WEIGHT_FILES, weight_files

    weights = weight_files(directory)
    pinned_weights = tuple(name for name in spec.files if name in WEIGHT_FILES)
    if pinned_weights:
        weights = tuple(name for name in pinned_weights if (directory / name).is_file())
    if not weights:
        raise ModelFilesError(f"{directory} lacks its weights ({' or '.join(pinned_weights or WEIGHT_FILES)}); {mend}")
    required = (*required_files(spec.architecture, config), *weights)
    missing = [name for name in required if not (directory / name).is_file()]
    if missing:
        raise ModelFilesError(f"{directory} lacks {', '.join(missing)}; {mend}")
    for name in required:
        _check_content(directory / name, mend)
    optional = tuple(name for name in OPTIONAL_FILES if (directory / name).is_file())
    return tuple(sorted(("config.json", *required, *optional)))


def _converted_files(directory: Path, mend: str) -> tuple[str, ...]:
    vocabularies = [path.name for path in directory.glob("*vocabulary.*")]
    pieces = [name for name in ("source.spm", "target.spm", "spiece.model") if (directory / name).is_file()]
    complete = "spiece.model" in pieces or {"source.spm", "target.spm"} <= set(pieces)
    if not vocabularies or not complete:
        lacks = "its vocabulary" if not vocabularies else "source.spm and target.spm (or spiece.model)"
        raise ModelFilesError(
            f"{directory} is a CTranslate2 model but lacks {lacks}: copy them beside model.bin, or convert the "
            "checkpoint again with `newsmt models convert SOURCE DEST`"
        )
    for name in ("model.bin", *vocabularies, *pieces):
        _check_content(directory / name, mend)
    return tuple(sorted(("model.bin", "config.json", *vocabularies, *pieces)))


def _check_content(path: Path, mend: str) -> None:
    """Catch what is plainly no content of a model: nothing at all, or a Git LFS pointer."""
    with path.open("rb") as stream:
        head = stream.read(24)
    if not head:
        raise ModelFilesError(f"{path} is empty; {mend}")
    if head == b"version https://git-lfs.":
        raise ModelFilesError(f"{path} is a Git LFS pointer, not the file; run `git lfs pull` in its folder")
    if path.suffix in (".spm", ".model"):
        _check_pieces(path, mend)
    elif path.name.endswith("vocab.json"):
        _read_vocabulary(path, mend)


def _check_pieces(path: Path, mend: str) -> None:
    """Load a SentencePiece model, unless a file with these very bytes was loaded before."""
    from sentencepiece import SentencePieceProcessor

    try:
        SentencePieceProcessor(model_file=str(path))
    except (RuntimeError, OSError) as error:
        raise ModelFilesError(f"{path} is damaged or no SentencePiece model ({error}); {mend}") from error


def _read_vocabulary(path: Path, mend: str) -> Mapping[str, int]:
    from newsmt.convert.weights import read_json

    vocabulary = read_json(path)
    if not vocabulary or not all(isinstance(number, int) for number in vocabulary.values()):
        raise ModelFilesError(f"{path} is no vocabulary (pieces and their numbers); {mend}")
    return vocabulary


def _fingerprint(directory: Path, files: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{file_digest(directory / name)}\n".encode())
    return digest.hexdigest()


def _spec_of(directory: Path, config: Mapping[str, Any]) -> ModelSpec:
    """Facts of a checkpoint of the user's own, from its configuration and its newsmt.json."""
    architecture = config.get("model_type")
    if architecture not in ARCHITECTURES:
        raise ModelFilesError(
            f"{directory / 'config.json'} says model_type={architecture!r}; newsmt runs {', '.join(ARCHITECTURES)}"
        )
    spec = _marian_spec(directory, config) if architecture == "marian" else _t5_spec(directory, config, architecture)
    return with_own_facts(directory, spec)


def _marian_spec(directory: Path, config: Mapping[str, Any]) -> ModelSpec:
    tokenizer = _optional_json(directory / "tokenizer_config.json")
    positions = int(config.get("max_position_embeddings", 512))
    source = tokenizer.get("source_lang")
    return ModelSpec(
        name=directory.resolve().name,
        task="translation",
        architecture="marian",
        source_languages=(source,) if isinstance(source, str) else (),
        target_language=str(tokenizer.get("target_lang") or ""),
        normalization=_normalization_of(directory),
        max_source_tokens=positions - 1,
        max_target_tokens=positions,
    )


def _normalization_of(directory: Path) -> str:
    """A vocabulary without typographic quotation marks was trained on text that Moses' scripts had normalised."""
    path = directory / "vocab.json"
    if not path.is_file():
        return "none"
    characters = set().union(*_read_vocabulary(path, "copy it anew"))
    return "none" if set(TYPOGRAPHIC_QUOTES) <= characters else "opus-mt"


def _t5_spec(directory: Path, config: Mapping[str, Any], architecture: str) -> ModelSpec:
    length = _optional_json(directory / "tokenizer_config.json").get("model_max_length")
    limit = length if isinstance(length, int) and 1 < length < LARGEST_PLAUSIBLE_LENGTH else DEFAULT_T5_TOKENS
    parameters = config.get("task_specific_params") or {}
    summarization = parameters.get("summarization") or {} if isinstance(parameters, dict) else {}
    return ModelSpec(
        name=directory.resolve().name,
        task="summarization",
        architecture=architecture,
        max_source_tokens=limit - 1,
        max_target_tokens=int(summarization.get("max_length") or 128),
        prefix=str(summarization.get("prefix") or ""),
        no_repeat_ngram_size=int(summarization.get("no_repeat_ngram_size") or 0),
        unsuitable_precisions=("float16", "int8_float16"),
    )


def _spec_of_converted(directory: Path) -> ModelSpec:
    """Facts of a CTranslate2 directory: from newsmt.json, else what its companions let one conclude."""
    marian = (directory / "source.spm").is_file()
    spec = ModelSpec(
        name=directory.resolve().name,
        task="translation" if marian else "summarization",
        architecture="marian" if marian else "mt5",
        normalization="opus-mt" if marian else "none",
        max_source_tokens=511 if marian else DEFAULT_T5_TOKENS - 1,
        max_target_tokens=512 if marian else 128,
        unsuitable_precisions=() if marian else ("float16", "int8_float16"),
    )
    return with_own_facts(directory, spec)


OWN_FACTS = tuple(
    one.name for one in fields(ModelSpec) if one.name not in ("files", "conversion", "bundled", "hub_id", "revision")
)


def own_facts(spec: ModelSpec) -> dict[str, Any]:
    """What newsmt.json in a model's directory says of it."""
    return {name: getattr(spec, name) for name in OWN_FACTS}


def with_own_facts(directory: Path, spec: ModelSpec) -> ModelSpec:
    """The facts of a model as its directory's newsmt.json has them, the others as they were.

    Raises ModelFilesError for a value of another type.
    """
    facts = _optional_json(directory / SPEC_FILE)
    known: dict[str, Any] = {}
    for name in OWN_FACTS:
        if name not in facts:
            continue
        expected = getattr(spec, name)
        value = tuple(facts[name]) if isinstance(expected, tuple) and isinstance(facts[name], list) else facts[name]
        if expected is not None and type(value) is not type(expected):
            raise ModelFilesError(
                f"{directory / SPEC_FILE} has {name}={json.dumps(value)}; a {type(expected).__name__} was expected"
            )
        known[name] = value
    return replace(spec, **known)


def _optional_json(path: Path) -> dict[str, Any]:
    from newsmt.convert.weights import read_json

    return read_json(path) if path.is_file() else {}
