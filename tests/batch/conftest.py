"""What the tests of batches share."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from newsmt.batch.formats import SourceFile, format_of
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translator import Translator

FIELDS = ("title", "text", "meta.lead")


def shouting() -> Translator:
    """Translates by writing in capitals, in reverse order of words: everything moves, and can still be recognised."""
    return Translator(ScriptedBackend(lambda source: " ".join(reversed(source.upper().split()))))


def scripted(script: dict[str, str]) -> Translator:
    """Translates by a table, and leaves the rest as it is."""
    return Translator(ScriptedBackend(script))


Render = Callable[..., str]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Writes a file and gives its translation, with a table, a translator or an echo."""

    def render(name: str, content: str | bytes, using: Translator | dict[str, str] | None = None) -> str:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        translator = scripted(using) if isinstance(using, dict) else using or Translator(EchoBackend())
        return translate_file(path, translator)

    return render


def translate_file(path: Path, translator: Translator) -> str:
    """The parts of a file, translated and joined."""
    its_format = format_of(path.name)
    assert its_format is not None
    written = []
    for part in its_format.parts(SourceFile(path, path.name, FIELDS)):
        translations = list(translator.translate_documents([passage.text for passage in part.passages]))
        written.append(part.render(translations))
    return "".join(written)


def words_of(text: str) -> list[str]:
    """The words of a text, sorted, however they are written."""
    return sorted(re.findall(r"\w+", text.casefold()))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for a few files; only an administrator can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("no permission to mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)
