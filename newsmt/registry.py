"""Models by name: what newsmt knows of them, and their weights on disk.

A model is named by a registry name ("opus-mt-de-en"), a hub id ("someone/their-marian") or a directory. Registry names
are pinned: a revision, and the SHA-256 of the files that decide what the model says. Other hub ids are fetched without
pins, and the commit they resolved to is recorded.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from newsmt.checkpoint import Checkpoint, FilePin, ModelSpec, open_checkpoint, verify_blobs, verify_pins, with_own_facts
from newsmt.conversion import ctranslate2_directory
from newsmt.errors import HubError, UnknownModelError, UsageError
from newsmt.hub import Snapshot, damaged_files, discard, fetch_snapshot, find_snapshot

__all__ = [
    "BUNDLED_MODEL",
    "Checkpoint",
    "FilePin",
    "ModelSpec",
    "available_models",
    "bundled_directory",
    "ctranslate2_directory",
    "fetch",
    "find_spec",
    "forget_auto",
    "hub_id_of",
    "resolve",
    "resolve_auto",
    "wanted_spec",
]

log = logging.getLogger("newsmt")

BUNDLED_MODEL = "newsmt-mini-de-en"
STANDARD_MODELS: Mapping[str, str] = {"translation": "opus-mt-de-en", "summarization": "mt5-small-sum-de-en"}
HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9_][\w.-]*")

MODELS: tuple[ModelSpec, ...] = (
    ModelSpec(
        name="opus-mt-de-en",
        hub_id="Helsinki-NLP/opus-mt-de-en",
        revision="1a922f3b32a8e809e17a47d4b32142d8105924e5",
        task="translation",
        architecture="marian",
        source_languages=("de",),
        target_language="en",
        licence="Apache-2.0",
        normalization="opus-mt",
        max_source_tokens=511,
        max_target_tokens=512,
        files={
            "pytorch_model.bin": FilePin("e743c3070f61f477cb62fe95ef2c9be2e77f3e488cb6b8030ff8a19e8295c87d"),
            "source.spm": FilePin("bbd1f495eea99c8e21ae086d9146e0fa7b096c3dfdd9ba07ab8b631889df5c9b", 796_845),
            "target.spm": FilePin("678f2a1177d8389f67b66299762dcc4fc567e89b07e212ba91b0c56daecf47ce", 768_489),
            "vocab.json": FilePin("d5acea957b265a78554999144459c5e391e0df525864edc8287bc090290baa44", 1_389_436),
        },
        # The int8 conversion of these weights as others published it (frisket-models/opus-mt-de-en-ct2 at 5aa6c066):
        # ours must come out the same.
        conversion={
            "config.json": FilePin("8f6496adfc930cbfecbe8281112197705c488fab47d34b4829b06d7f478909af"),
            "shared_vocabulary.json": FilePin("fa4c8d666c582ad39892a2ae5d4ded1b0ddde4b49dc784a7fcbd73940f9fa13e"),
            "model.bin": FilePin("399ce16d36b721cd166fe973b31c1f1195b92af200665eccd9a7fc62263e02ec", 75_979_635),
        },
        download_bytes=301_000_000,
        description="the standard translation model: OPUS-MT, 74 M parameters",
    ),
    ModelSpec(
        name=BUNDLED_MODEL,
        task="translation",
        architecture="marian",
        source_languages=("de",),
        target_language="en",
        licence="Apache-2.0",
        normalization="ascii",
        max_source_tokens=511,
        max_target_tokens=512,
        bundled=True,
        description="small model that comes with newsmt: works without a hub, quality far below opus-mt-de-en",
    ),
    ModelSpec(
        name="mt5-small-sum-de-en",
        hub_id="deutsche-telekom/mt5-small-sum-de-en-v1",
        task="summarization",
        architecture="mt5",
        source_languages=("de", "en"),
        target_language="",
        licence="cc-by-nc-sa-4.0",
        non_commercial=True,
        max_source_tokens=799,
        max_target_tokens=96,
        prefix="summarize: ",
        orders=("translate-first", "summarize-first"),
        unsuitable_precisions=("float16", "int8_float16"),
        download_bytes=1_210_000_000,
        description="summaries of German or English articles in the article's language",
    ),
    ModelSpec(
        name="mt5-xlsum",
        hub_id="csebuetnlp/mT5_multilingual_XLSum",
        revision="2437a524effdbadc327ced84595508f1e32025b3",
        task="summarization",
        architecture="mt5",
        source_languages=("en",),
        target_language="en",
        licence="cc-by-nc-sa-4.0",
        non_commercial=True,
        max_source_tokens=511,
        max_target_tokens=84,
        no_repeat_ngram_size=2,
        orders=("translate-first",),
        unsuitable_precisions=("float16", "int8_float16"),
        download_bytes=2_340_000_000,
        description="one-sentence summaries in the style of the BBC; knows no German, so it reads the translation",
    ),
)

_auto_lock = threading.Lock()
_auto: dict[str, Checkpoint] = {}


def available_models() -> list[ModelSpec]:
    """The models that newsmt knows by name."""
    return list(MODELS)


def find_spec(model: str) -> ModelSpec | None:
    """The known model of that registry name or hub id."""
    for spec in MODELS:
        if model == spec.name or (spec.hub_id is not None and model.lower() == spec.hub_id.lower()):
            return spec
    return None


def resolve(
    model: str | Path, *, revision: str | None = None, local_files_only: bool = False, progress: bool | None = None
) -> Checkpoint:
    """The checkpoint of a registry name, a hub id or a directory, fetched if it is not on disk yet.

    revision: another branch, tag or commit of the hub than the pinned one; its files are then not compared with pins.
    progress: show a progress bar while fetching; None shows it when stderr is a terminal.

    Raises UnknownModelError with near matches, ModelFilesError for missing, damaged or forged files, HubError when the
    hub is needed and cannot be reached.
    """
    spec = wanted_spec(model, revision)
    hub_id = None if model == "auto" else hub_id_of(model, spec)
    if hub_id is None:
        if revision is not None:
            raise UsageError(f"revision={revision!r} with {model}: only models of the hub have revisions")
        if model == "auto":
            return resolve_auto(progress=progress, local_files_only=local_files_only)
        return _open_bundled(spec) if spec and spec.bundled else _open_directory(Path(model).expanduser())
    wanted = revision or (spec.revision if spec else None)
    snapshot = find_snapshot(hub_id, wanted) or _download(
        hub_id, wanted, spec, progress=progress, local_files_only=local_files_only
    )
    return _open_snapshot(snapshot, str(model), spec, revision)


def fetch(model: str | Path, *, revision: str | None = None, progress: bool | None = None) -> Checkpoint:
    """Bring a model into the cache of this machine; files that are damaged there are fetched again.

    A model that is no matter of the hub (the bundled one, a directory) is only looked at. Raises as resolve() does.
    """
    spec = wanted_spec(model, revision)
    hub_id = hub_id_of(model, spec)
    if hub_id is not None:
        wanted = revision or (spec.revision if spec else None)
        snapshot = find_snapshot(hub_id, wanted)
        damaged = damaged_files(snapshot, spec.files if spec else {}) if snapshot else []
        for path in damaged:
            log.warning("%s is damaged and is fetched again", path)
            discard(path)
        if damaged:
            _download(hub_id, wanted, spec, progress=progress)
    return resolve(model, revision=revision, progress=progress)


def resolve_auto(
    task: str = "translation", *, progress: bool | None = None, local_files_only: bool = False
) -> Checkpoint:
    """The standard model of a task if it is on disk or can be fetched, else the bundled one, with one warning.

    Decided once per process, so that all results of one run come from one model. A standard model whose files are
    damaged or forged is an error, not a reason for another model. Raises HubError where no bundled model does the task.
    """
    with _auto_lock:
        if task not in _auto:
            _auto[task] = _decide(task, progress, local_files_only)
        return _auto[task]


def forget_auto() -> None:
    """Let the next resolve_auto() decide again; for tests and for processes that outlive a change of network."""
    with _auto_lock:
        _auto.clear()


def bundled_directory() -> Path:
    """Where the bundled model lies: inside the installed package, or in models/ of a source checkout."""
    package = Path(__file__).parent
    installed = package / "bundled" / BUNDLED_MODEL
    return installed if installed.is_dir() else package.parent / "models" / BUNDLED_MODEL


def _decide(task: str, progress: bool | None, local_files_only: bool) -> Checkpoint:
    standard = STANDARD_MODELS[task]
    try:
        return resolve(standard, progress=progress, local_files_only=local_files_only)
    except HubError as error:
        bundled = next((spec for spec in MODELS if spec.bundled and spec.task == task), None)
        if bundled is None:
            raise
        checkpoint = _open_bundled(bundled)
        log.warning(
            "using the bundled model %s, whose quality is far below %s's (%s); to get that one: newsmt models fetch %s",
            bundled.name,
            standard,
            str(error).partition(";")[0],
            standard,
        )
        return checkpoint


def _open_bundled(spec: ModelSpec) -> Checkpoint:
    directory = bundled_directory()
    return open_checkpoint(
        directory,
        spec=with_own_facts(directory, spec),
        mend="install newsmt again: pip install --force-reinstall newsmt",
    )


def _open_directory(directory: Path) -> Checkpoint:
    if directory.is_dir() and bundled_directory().is_dir() and directory.samefile(bundled_directory()):
        return _open_bundled(next(spec for spec in MODELS if spec.bundled))
    return open_checkpoint(directory)


def wanted_spec(model: str | Path, revision: str | None) -> ModelSpec | None:
    """What is known of a model; without its pins when another revision than the pinned one was asked for."""
    spec = find_spec(model) if isinstance(model, str) else None
    if spec is None or revision in (None, spec.revision):
        return spec
    return replace(spec, revision=None, files={}, conversion={})


def hub_id_of(model: str | Path, spec: ModelSpec | None) -> str | None:
    """The hub id that a model's name stands for; None when it is a directory, or comes with newsmt.

    A registry name is never taken for a directory (./opus-mt-de-en names one), a hub id is, where it exists.
    """
    if isinstance(model, Path) or (spec is not None and spec.bundled):
        return None
    if spec is not None and model == spec.name:
        return spec.hub_id
    if Path(model).expanduser().exists():
        return None
    if spec is None and not HUB_ID.fullmatch(model):
        raise UnknownModelError(_unknown(model))
    return spec.hub_id if spec else model


def _download(
    hub_id: str,
    revision: str | None,
    spec: ModelSpec | None,
    *,
    progress: bool | None = None,
    local_files_only: bool = False,
) -> Snapshot:
    pins = spec.files if spec else {}
    snapshot = fetch_snapshot(hub_id, revision, pins=pins, progress=progress, local_files_only=local_files_only)
    if spec is not None and spec.non_commercial:
        log.warning("%s is not for commercial use: its licence is %s", spec.name, spec.licence)
    return snapshot


def _open_snapshot(snapshot: Snapshot, model: str, spec: ModelSpec | None, revision: str | None) -> Checkpoint:
    mend = f"fetch it again: newsmt models fetch {model}" + (f" --revision {revision}" if revision else "")
    checkpoint = open_checkpoint(snapshot.directory, spec=spec, revision=snapshot.commit, mend=mend)
    verify_pins(checkpoint, mend=mend)
    verify_blobs(checkpoint, mend=mend)
    if spec is None:
        named = replace(checkpoint.spec, name=model, hub_id=model, revision=snapshot.commit)
        return replace(checkpoint, spec=named)
    return checkpoint


def _unknown(model: str) -> str:
    names = [spec.name for spec in MODELS]
    likeness = {name: difflib.SequenceMatcher(None, model.lower().replace("_", "-"), name).ratio() for name in names}
    best = max(likeness.values())
    near = [name for name in names if likeness[name] >= max(0.5, best - 0.1)]
    looks_like_path = model.startswith((".", "~", os.sep)) or os.sep in model or "\\" in model
    if looks_like_path:
        return f"no model {model!r}: that directory does not exist; `newsmt models list` shows the models known by name"
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    return (
        f"no model {model!r}: {hint}known are {', '.join(names)}; a directory or a hub id (owner/name) will do too "
        "(newsmt models list)"
    )
