"""Models of the Hugging Face hub: looked up in the cache on disk first, fetched when they are not there.

The cache is huggingface_hub's own (HF_HOME, HF_HUB_CACHE), in its layout, so that what newsmt fetched is there for
transformers and the other way round. huggingface_hub 2 drops a download that was interrupted; here the part that
arrived is kept and continued, and every file is compared with what the hub says of it before it gets its name: its
SHA-256 for large files, its git object id for small ones, its size where the hub gives neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from newsmt.cache import link_target, read_digest, remember_digest, write_atomically
from newsmt.checkpoint import ARCHITECTURES, OPTIONAL_FILES, FilePin, required_files
from newsmt.convert.weights import WEIGHT_FILES, read_json, shards, weight_files
from newsmt.errors import HubError, ModelFilesError

__all__ = [
    "Snapshot",
    "damaged_files",
    "discard",
    "fetch_snapshot",
    "find_snapshot",
    "hub_cache",
    "hub_endpoint",
    "is_sound",
]

# An answer must begin within this time, name lookup, connection and redirects included: then the hub is down.
CONTACT_SECONDS = 4.0
# A download that stands still for this long is taken up again, ATTEMPTS times without a new byte.
STALL_SECONDS = 10.0
ATTEMPTS = 3
RETRY_SECONDS = 1.0
CHUNK_BYTES = 1 << 20
DEFAULT_REVISION = "main"
COMMIT = re.compile(r"[0-9a-f]{40}")
SAFE_NAME = re.compile(r"(?!\.+$)[\w.-]{1,100}")
SAFE_REVISION = re.compile(r"(?!.*\.\.)[\w][\w./-]{0,200}")
TRUE_WORDS = {"1", "on", "yes", "true"}

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The files of one commit of a hub model, in a directory."""

    directory: Path
    commit: str


@dataclass(frozen=True, slots=True)
class _RemoteFile:
    name: str
    commit: str
    etag: str
    size: int | None


def hub_cache() -> Path:
    """Where huggingface_hub keeps its downloads, by its own environment variables."""
    environment = os.environ
    named = environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return Path(os.path.expandvars(named)).expanduser()
    default = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return Path(os.path.expandvars(environment.get("HF_HOME") or str(default))).expanduser() / "hub"


def hub_endpoint() -> str:
    """The hub's address: HF_ENDPOINT, else the public one."""
    return (os.environ.get("HF_ENDPOINT") or "https://huggingface.co").rstrip("/")


def hub_is_offline() -> bool:
    """Whether the user forbids any contact with the hub."""
    named = os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE") or ""
    return named.lower() in TRUE_WORDS


def find_snapshot(hub_id: str, revision: str | None) -> Snapshot | None:
    """A complete snapshot in the cache on disk; nothing outside it is asked.

    Complete means: the configuration, what the tokenizer needs, and the weights, which are fetched last.
    """
    commit = _cached_commit(hub_id, revision)
    if commit is None:
        return None
    directory = _storage(hub_id) / "snapshots" / commit
    return Snapshot(directory, commit) if _is_complete(directory) else None


def fetch_snapshot(
    hub_id: str,
    revision: str | None,
    *,
    pins: Mapping[str, FilePin] | None = None,
    progress: bool | None = None,
    local_files_only: bool = False,
) -> Snapshot:
    """The files of a hub model that newsmt needs, fetched into the cache.

    pins: SHA-256 and size that files must have; another is refused before it gets its name. progress: a bar for each
    large file; None shows it when stderr is a terminal.

    Raises HubError when the hub cannot be reached (within 5 seconds) or has no such model or revision, ModelFilesError
    when it serves other files than pinned or lacks one that the model needs.
    """
    if hub_is_offline() or local_files_only:
        reason = "HF_HUB_OFFLINE is set" if hub_is_offline() else "only files on this machine may be used"
        raise HubError(
            f"{hub_id} is not in {hub_cache()} and {reason}; fetch it where the hub can be reached "
            f"(newsmt models fetch {hub_id}), or take the bundled model (--model newsmt-mini-de-en)"
        )
    if revision is not None and not SAFE_REVISION.fullmatch(revision):
        raise HubError(f"{revision!r} is no revision: expected a branch, a tag or a commit")
    return _Fetch(hub_id, revision or DEFAULT_REVISION, pins or {}, progress).run()


def damaged_files(snapshot: Snapshot, pins: Mapping[str, FilePin]) -> list[Path]:
    """Files of a snapshot that are not what their name in the cache or their pin says, read afresh."""
    return [path for path in sorted(snapshot.directory.iterdir()) if not is_sound(path, pins.get(path.name))]


def is_sound(path: Path, pin: FilePin | None = None) -> bool:
    """Whether a file of the cache, read afresh, has the contents that its name there and its pin promise."""
    blob = link_target(path)
    if not blob.is_file():
        return False
    digest = read_digest(blob)
    remember_digest(blob, digest)
    named = blob.parent.name != "blobs" or _has_etag(blob, blob.name, digest)
    return named and (pin is None or digest == pin.sha256)


def discard(path: Path) -> None:
    """Remove a file from the cache, with the blob it points to, so that it is fetched again."""
    blob = link_target(path)
    path.unlink(missing_ok=True)
    if blob.parent.name == "blobs":
        blob.unlink(missing_ok=True)


def _storage(hub_id: str) -> Path:
    return hub_cache() / f"models--{hub_id.replace('/', '--')}"


def _cached_commit(hub_id: str, revision: str | None) -> str | None:
    revision = revision or DEFAULT_REVISION
    if not SAFE_REVISION.fullmatch(revision):
        return None
    if (_storage(hub_id) / "snapshots" / revision).is_dir():
        return revision
    try:
        commit = (_storage(hub_id) / "refs" / revision).read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return commit if SAFE_NAME.fullmatch(commit) else None


def _is_complete(directory: Path) -> bool:
    if not (directory / "config.json").is_file():
        return False
    try:
        config = read_json(directory / "config.json")
        needed = required_files(str(config.get("model_type")), config)
        weights = weight_files(directory)
    except ModelFilesError:
        return True  # all there, but damaged: opening it says what and how to mend it
    return bool(weights) and all((directory / name).is_file() for name in (*needed, *weights))


class _Fetch:
    """One model being fetched."""

    def __init__(self, hub_id: str, revision: str, pins: Mapping[str, FilePin], progress: bool | None) -> None:
        self.hub_id = hub_id
        self.revision = revision
        self.pins = pins
        self.progress = progress
        self.storage = _storage(hub_id)
        self.endpoint = hub_endpoint()

    def run(self) -> Snapshot:
        """Small files first, the weights last: a snapshot with weights is a complete one."""
        first = self._look_up("config.json")
        if first is None:
            raise HubError(f"{self.hub_id} has no config.json at {self.endpoint}: it is no model that newsmt can run")
        commit = self._checked_commit(first.commit)
        config_path = self._fetch(first)
        config = read_json(config_path)
        architecture = config.get("model_type")
        if architecture not in ARCHITECTURES:
            raise ModelFilesError(
                f"{self.hub_id} is a {architecture!r} model; newsmt runs {', '.join(ARCHITECTURES)} models"
            )
        for name in OPTIONAL_FILES:
            self._fetch_if_there(name, commit)
        for name in required_files(architecture, config):
            self._fetch_required(name, commit)
        self._fetch_weights(commit)
        self._write_reference(commit)
        return Snapshot(self.storage / "snapshots" / commit, commit)

    def _checked_commit(self, commit: str) -> str:
        if not SAFE_NAME.fullmatch(commit):
            raise HubError(f"{self.endpoint} answered with the commit {commit!r}, which is none")
        if COMMIT.fullmatch(self.revision) and commit != self.revision:
            raise HubError(
                f"{self.endpoint} answered with revision {commit} of {self.hub_id}; {self.revision} was asked for: "
                "it is no faithful copy of the hub, name another in HF_ENDPOINT"
            )
        return commit

    def _fetch_if_there(self, name: str, commit: str) -> Path | None:
        remote = self._look_up(name, commit)
        return None if remote is None else self._fetch(remote)

    def _fetch_required(self, name: str, commit: str) -> Path:
        path = self._fetch_if_there(name, commit)
        if path is None:
            raise ModelFilesError(f"{self.hub_id} has no {name} at revision {commit}, without which it cannot run")
        return path

    def _fetch_weights(self, commit: str) -> None:
        pinned = [name for name in self.pins if name in WEIGHT_FILES]
        for name in pinned or WEIGHT_FILES:
            path = self._fetch_if_there(name, commit)
            if path is None:
                continue
            if name.endswith(".index.json"):
                for shard in shards(path):
                    self._fetch_required(shard, commit)
            return
        raise ModelFilesError(
            f"{self.hub_id} has no weights at revision {commit}: expected {' or '.join(pinned or WEIGHT_FILES)}"
        )

    def _write_reference(self, commit: str) -> None:
        if self.revision == commit:
            return
        write_atomically(self.storage / "refs" / self.revision, commit)

    def _look_up(self, name: str, commit: str | None = None) -> _RemoteFile | None:
        """What the hub says of a file; None when the revision has no such file."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url
        from huggingface_hub.errors import HfHubHTTPError

        if commit is not None and self._known_absent(name, commit):
            return None
        url = hf_hub_url(self.hub_id, name, revision=commit or self.revision, endpoint=self.endpoint)
        try:
            answer = _within(CONTACT_SECONDS, lambda: get_hf_file_metadata(url, timeout=CONTACT_SECONDS))
        except HfHubHTTPError as error:
            if not self._says_absent(error, name, commit):
                status, code = error.response.status_code, error.response.headers.get("X-Error-Code", "")
                raise self._refused(status, code, error) from error
            return None
        except _network_errors() as error:
            raise self._unreachable(error) from error
        if not answer.commit_hash or not answer.etag:
            raise HubError(
                f"{self.endpoint} does not answer like a model hub (no commit or ETag for {name}); {_help()}"
            )
        return _RemoteFile(name, answer.commit_hash, answer.etag, answer.size)

    def _says_absent(self, error: Any, name: str, commit: str | None) -> bool:
        """Whether the hub knows the revision, but no such file in it; remembered, as a commit never changes."""
        code = error.response.headers.get("X-Error-Code", "")
        if error.response.status_code != 404 or code in ("RepoNotFound", "RevisionNotFound"):
            return False
        if commit is not None:
            self._remember_absent(name, commit)
        return commit is not None or code == "EntryNotFound"

    def _refused(self, status: int, code: str, error: Exception) -> HubError:
        where = f"{self.hub_id} at revision {self.revision}"
        if code == "RevisionNotFound":
            return HubError(f"{self.endpoint} has no revision {self.revision!r} of {self.hub_id}; leave --revision out")
        if status in (401, 403, 404):
            return HubError(
                f"{self.endpoint} has no {where}, or it is not public (HTTP {status}): check the name, or log in with "
                "`hf auth login` (HF_TOKEN) for a private or gated model"
            )
        if status >= 500 or status in (408, 429):
            return HubError(f"{self.endpoint} is out of order (HTTP {status}); {_help(self.hub_id)}")
        return HubError(f"{self.endpoint} refused {where}: {_one_line(error)}")

    def _unreachable(self, error: BaseException) -> HubError:
        return HubError(f"the model hub {self.endpoint} cannot be reached ({_one_line(error)}); {_help(self.hub_id)}")

    def _absence_mark(self, name: str, commit: str) -> Path:
        return self.storage / ".no_exist" / commit / name

    def _known_absent(self, name: str, commit: str) -> bool:
        return self._absence_mark(name, commit).is_file()

    def _remember_absent(self, name: str, commit: str) -> None:
        with contextlib.suppress(OSError):
            self._absence_mark(name, commit).parent.mkdir(parents=True, exist_ok=True)
            self._absence_mark(name, commit).touch()

    def _fetch(self, remote: _RemoteFile) -> Path:
        """The file in the snapshot, downloaded if need be."""
        pointer = self.storage / "snapshots" / remote.commit / remote.name
        if pointer.is_file():
            return pointer
        pin = self.pins.get(remote.name)
        self._refuse_other_than_pinned(remote, pin)
        safe = remote.etag if SAFE_NAME.fullmatch(remote.etag) else hashlib.sha256(remote.etag.encode()).hexdigest()
        blob = self.storage / "blobs" / safe
        try:
            with self._lock(safe):
                if not blob.is_file():
                    self._download(remote, blob, pin)
            _point(pointer, blob)
        except OSError as error:
            raise HubError(
                f"{remote.name} of {self.hub_id} cannot be stored in {self.storage} ({_one_line(error)}); make room "
                "there, or name another folder in HF_HOME"
            ) from error
        return pointer

    def _refuse_other_than_pinned(self, remote: _RemoteFile, pin: FilePin | None) -> None:
        """Large files have their SHA-256 as ETag: 300 MB of the wrong file need not be fetched to be refused."""
        if pin is None:
            return
        if re.fullmatch(r"[0-9a-f]{64}", remote.etag) and remote.etag != pin.sha256:
            raise self._not_pinned(remote.name, remote.etag, pin)

    def _not_pinned(self, name: str, digest: str, pin: FilePin) -> ModelFilesError:
        return ModelFilesError(
            f"{self.endpoint} serves another {name} of {self.hub_id} than the pinned one (SHA-256 {digest}, expected "
            f"{pin.sha256}); it was not taken: fetch from the public hub (unset HF_ENDPOINT), or use the bundled model "
            "(--model newsmt-mini-de-en)"
        )

    @contextlib.contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        """One process downloads a file, others wait for it; the lock goes with its process, even a killed one."""
        from huggingface_hub.utils import WeakFileLock  # type: ignore[attr-defined]

        path = hub_cache() / ".locks" / self.storage.name / f"{name}.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        with WeakFileLock(path):
            yield

    def _download(self, remote: _RemoteFile, blob: Path, pin: FilePin | None) -> None:
        """Download into a partial file that survives an interruption, compare, and give it its name."""
        blob.parent.mkdir(parents=True, exist_ok=True)
        partial = blob.with_name(f"{blob.name}.newsmt.incomplete")
        self._check_room(remote, partial)
        resumed = _size(partial) > 0
        digest = self._receive(remote, partial)
        if digest is None and resumed:  # the part that was there may have been damaged, or of another download
            digest = self._receive(remote, partial)
        if digest is None:
            raise ModelFilesError(
                f"{remote.name} of {self.hub_id} arrived damaged from {self.endpoint}: it differs from what the hub "
                "says of it (size or hash); it was not kept: fetch it again, and look at the proxy if it happens twice"
            )
        if pin is not None and digest != pin.sha256:
            partial.unlink()
            raise self._not_pinned(remote.name, digest, pin)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(blob)
        remember_digest(blob, digest)

    def _receive(self, remote: _RemoteFile, partial: Path) -> str | None:
        """SHA-256 of the file once it has arrived whole; None, and nothing kept, when it arrived damaged."""
        self._stream(remote, partial)
        digest = read_digest(partial)
        if (remote.size is None or _size(partial) == remote.size) and _has_etag(partial, remote.etag, digest):
            return digest
        partial.unlink()
        return None

    def _check_room(self, remote: _RemoteFile, partial: Path) -> None:
        there = partial.stat().st_size if partial.is_file() else 0
        free = shutil.disk_usage(partial.parent).free
        if remote.size is not None and free < remote.size - there:
            raise OSError(f"{remote.size / 1e6:,.0f} MB are needed, {free / 1e6:,.0f} MB are free")

    def _stream(self, remote: _RemoteFile, partial: Path) -> None:
        """Append what is missing; a connection that breaks is taken up where it broke."""
        from huggingface_hub.errors import HfHubHTTPError

        failures = 0
        with _bar(remote, self.progress) as advance:
            advance(_size(partial))
            while True:
                before = _size(partial)
                try:
                    self._stream_once(remote, partial, advance)
                except HfHubHTTPError as error:
                    if error.response.status_code == 416:  # the part is as long as the file, or longer
                        return
                    raise self._refused(error.response.status_code, "", error) from error
                except _network_errors() as error:
                    failures = 0 if _size(partial) > before else failures + 1
                    if failures >= ATTEMPTS:
                        raise HubError(
                            f"the download of {remote.name} from {self.endpoint} broke off at {_size(partial):,} of "
                            f"{remote.size or 0:,} bytes ({_one_line(error)}); the same command continues it"
                        ) from error
                else:
                    if remote.size is None or _size(partial) >= remote.size:
                        return
                    failures = 0 if _size(partial) > before else failures + 1
                    if failures >= ATTEMPTS:
                        return  # shorter than announced: the comparison that follows says so
                time.sleep(RETRY_SECONDS)

    def _stream_once(self, remote: _RemoteFile, partial: Path, advance: Callable[[int], None]) -> None:
        from huggingface_hub import get_session, hf_hub_url
        from huggingface_hub.utils import build_hf_headers, hf_raise_for_status  # type: ignore[attr-defined]

        url = hf_hub_url(self.hub_id, remote.name, revision=remote.commit, endpoint=self.endpoint)
        start = _size(partial)
        if remote.size is not None and start >= remote.size > 0:
            return
        headers = {**build_hf_headers(), "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        with get_session().stream("GET", url, headers=headers, timeout=_stall(), follow_redirects=True) as response:
            hf_raise_for_status(response)
            continued = start > 0 and response.status_code == 206
            if start and not continued:
                advance(-start)
            with partial.open("ab" if continued else "wb") as stream:
                for chunk in response.iter_bytes():  # as it arrives: what is held back is lost with the connection
                    stream.write(chunk)
                    advance(len(chunk))


def _stall() -> float:
    named = os.environ.get("HF_HUB_DOWNLOAD_TIMEOUT", "")
    return float(named) if named.isdigit() and int(named) > 0 else STALL_SECONDS


def _within(seconds: float, call: Callable[[], Answer]) -> Answer:
    """The call's answer, or TimeoutError after so many seconds: a name lookup, for one, knows no limit of its own."""
    answers: list[Answer] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # raised again in the caller's thread
            errors.append(error)

    thread = threading.Thread(target=run, name="newsmt-hub", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not answers:
        raise TimeoutError(f"no answer within {seconds:g} seconds")
    return answers[0]


def _network_errors() -> tuple[type[BaseException], ...]:
    """What a failing network raises: the HTTP library is httpx or httpx2, after huggingface_hub's version."""
    from huggingface_hub.errors import HfHubHTTPError

    http_error = next(base for base in HfHubHTTPError.__mro__ if base.__name__ == "HTTPError")
    return (http_error, ConnectionError, TimeoutError)


def _help(hub_id: str = "NAME") -> str:
    return (
        f"try again later with `newsmt models fetch {hub_id}`, set HTTPS_PROXY or HF_ENDPOINT if you need one, or take "
        "the bundled model: --model newsmt-mini-de-en"
    )


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _has_etag(path: Path, etag: str, digest: str | None = None) -> bool:
    """Whether the contents are those the hub's ETag names; True for an ETag that is no hash of the contents.

    The hub has the SHA-256 of large files and the git object id of small ones; mirrors have been seen to take others.
    """
    if re.fullmatch(r"[0-9a-f]{64}", etag):
        return (digest or read_digest(path)) == etag
    if re.fullmatch(r"[0-9a-f]{40}", etag):
        git, plain = hashlib.sha1(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
        git.update(f"blob {_size(path)}\0".encode())
        with path.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                git.update(chunk)
                plain.update(chunk)
        return etag in (git.hexdigest(), plain.hexdigest(), (digest or read_digest(path))[:40])
    return True


def _point(pointer: Path, blob: Path) -> None:
    """Put the blob into the snapshot: by a link where the file system has them, by a copy elsewhere."""
    pointer.parent.mkdir(parents=True, exist_ok=True)
    partial = pointer.with_name(f".{pointer.name}.{uuid.uuid4().hex[:12]}.partial")
    try:
        try:
            partial.symlink_to(os.path.relpath(blob, pointer.parent))
        except (OSError, NotImplementedError):
            shutil.copyfile(blob, partial)
        partial.replace(pointer)
    finally:
        partial.unlink(missing_ok=True)


@contextlib.contextmanager
def _bar(remote: _RemoteFile, progress: bool | None) -> Iterator[Callable[[int], None]]:
    """A progress bar on stderr for a file that takes long enough to want one."""
    large = remote.size is not None and remote.size > 2 * CHUNK_BYTES
    if progress is False or not large:
        yield lambda _count: None
        return
    from huggingface_hub.utils import tqdm  # type: ignore[attr-defined]

    disable = None if progress is None else False  # None: shown on a terminal only
    with tqdm(total=remote.size, desc=remote.name, unit="B", unit_scale=True, disable=disable) as bar:  # type: ignore[no-untyped-call]
        yield bar.update
