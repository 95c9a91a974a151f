"""A model hub on 127.0.0.1 that speaks the Hugging Face hub's protocol, as far as fetching a model goes.

It answers HEAD and GET on /{owner}/{name}/resolve/{revision}/{file} with X-Repo-Commit and ETag (the git object id of
small files, the SHA-256 of large ones), redirects large files to a storage path as the hub does to its CDN, and serves
byte ranges. Faults can be planted: cut connections, altered bytes, silence, error codes.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

__all__ = ["FakeHub", "Request", "running_hub"]

LARGE_SUFFIXES = (".bin", ".safetensors", ".spm", ".model")
RESOLVE = re.compile(r"/(?P<id>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")
STORED = re.compile(r"/storage/(?P<sha256>[0-9a-f]{64})")


@dataclass(frozen=True)
class Request:
    """One request the hub received."""

    method: str
    path: str
    range: str | None = None


@dataclass
class FakeHub:
    """Models by hub id and commit, and the faults that the server commits."""

    address: str = ""
    models: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    branches: dict[tuple[str, str], str] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    # File name -> after how many bytes the connection is cut, one entry for each request that suffers it.
    cut_after: dict[str, list[int]] = field(default_factory=dict)
    altered: set[str] = field(default_factory=set)
    ignores_ranges: bool = False
    silent: bool = False
    status: int | None = None
    answers_commit: str | None = None

    def publish(self, hub_id: str, directory: Path, *, commit: str, branch: str = "main") -> None:
        """Put the files of a directory into a model's commit, to which the branch then points."""
        files = {path.name: path.read_bytes() for path in directory.iterdir() if path.is_file()}
        self.models.setdefault(hub_id, {})[commit] = files
        self.branches[hub_id, branch] = commit

    def paths(self, method: str | None = None) -> list[str]:
        """Paths that were asked for, in order."""
        return [request.path for request in self.requests if method in (None, request.method)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: FakeHub

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        pass

    def _answer(self, *, with_body: bool) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(Request(self.command, path, self.headers.get("Range")))
        if self.hub.silent:
            time.sleep(30)
            return
        if self.hub.status is not None:
            self._send(self.hub.status, {}, b"" if not with_body else b"out of order")
            return
        stored = STORED.fullmatch(path)
        if stored:
            self._send_stored(stored["sha256"], with_body=with_body)
            return
        match = RESOLVE.fullmatch(path)
        if match is None or match["id"] not in self.hub.models:
            self._send(404, {"X-Error-Code": "RepoNotFound"}, b"")
            return
        self._send_file(match["id"], match["revision"], match["file"], with_body=with_body)

    def _send_file(self, hub_id: str, revision: str, name: str, *, with_body: bool) -> None:
        commits = self.hub.models[hub_id]
        commit = self.hub.branches.get((hub_id, revision), revision)
        if commit not in commits:
            self._send(404, {"X-Error-Code": "RevisionNotFound"}, b"")
            return
        told = {"X-Repo-Commit": self.hub.answers_commit or commit}
        content = commits[commit].get(name)
        if content is None:
            self._send(404, {"X-Error-Code": "EntryNotFound", **told}, b"")
        elif name.endswith(LARGE_SUFFIXES):
            sha256 = hashlib.sha256(content).hexdigest()
            linked = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
            # Another host name for the same server: the hub's files lie on a CDN, too.
            where = self.hub.address.replace("127.0.0.1", "localhost")
            self._send(302, {**told, **linked, "Location": f"{where}/storage/{sha256}"}, b"")
        else:
            object_id = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            self._send_content(name, content, {**told, "ETag": f'"{object_id}"'}, with_body=with_body)

    def _send_stored(self, sha256: str, *, with_body: bool) -> None:
        for commits in self.hub.models.values():
            for files in commits.values():
                for name, content in files.items():
                    if hashlib.sha256(content).hexdigest() == sha256:
                        self._send_content(name, content, {"ETag": f'"{sha256}"'}, with_body=with_body)
                        return
        self._send(404, {}, b"")

    def _send_content(self, name: str, content: bytes, headers: Mapping[str, str], *, with_body: bool) -> None:
        if not with_body:
            self._send(200, headers, b"", length=len(content))
            return
        if name in self.hub.altered:
            middle = len(content) // 2
            content = content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]
        start, status = 0, 200
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or "")
        if asked and not self.hub.ignores_ranges:
            start = int(asked[1])
            if start >= len(content):
                self._send(416, {"Content-Range": f"bytes */{len(content)}"}, b"")
                return
            status = 206
            headers = {**headers, "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"}
        body = content[start:]
        if self.hub.cut_after.get(name):
            cut = self.hub.cut_after[name].pop(0)
            self._send(status, headers, body[:cut], length=len(body))
            self.close_connection = True
            return
        self._send(status, headers, body)

    def _send(self, status: int, headers: Mapping[str, str], body: bytes, *, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A hub that answers until the block ends."""
    hub = FakeHub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    server.block_on_close = False
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
