"""Trees of generated files in every format, with bad ones among them, for tests and for trials by hand.

python tests/batch/trees.py DIR FILES [SEED] writes one.
"""

from __future__ import annotations

import json
import os
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tiny_models import GERMAN

__all__ = ["Tree", "build_tree"]

FOLDERS = ("", "politik", "politik/bund", "sport", "Länder & Städte", "emoji 🗞️", "wirtschaft")
KINDS = ("txt", "md", "html", "jsonl", "csv", "tsv", "srt", "vtt")


@dataclass
class Tree:
    """A tree on disk: the files that can be translated, and those that cannot, with the class of their error."""

    root: Path
    good: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)


def build_tree(root: Path, files: int, *, bad: int = 0, seed: int = 1, sentences: int = 3) -> Tree:
    """Write so many good files in all formats, and so many bad ones."""
    chance = random.Random(seed)
    tree = Tree(root)
    for number in range(files):
        kind = KINDS[number % len(KINDS)]
        path = _name(chance, number, kind)
        _write(root / path, _WRITERS[kind](chance, sentences).encode())
        tree.good.append(path)
    for number in range(bad):
        path, error = _BAD[number % len(_BAD)](root, chance, number)
        tree.bad[path] = error
    return tree


def _name(chance: random.Random, number: int, kind: str) -> str:
    folder = chance.choice(FOLDERS)
    stem = chance.choice(["artikel", "Über uns", "straße 5", "näher dran", "bericht.de"])
    return f"{folder}/{stem} {number}.{kind}".lstrip("/")


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _prose(chance: random.Random, sentences: int) -> str:
    return " ".join(chance.choice(GERMAN) for _ in range(chance.randint(1, sentences)))


def _text(chance: random.Random, sentences: int) -> str:
    return f"{chance.choice(GERMAN).rstrip('.')}\n\n{_prose(chance, sentences)}\n\n{_prose(chance, sentences)}\n"


def _markdown(chance: random.Random, sentences: int) -> str:
    return (
        f"---\ntitle: '{chance.choice(GERMAN)}'\nnummer: {chance.randint(1, 99)}\n---\n\n# Der *Hafen*\n\n"
        f"{_prose(chance, sentences)} **Die Polizei** und [das Gericht](https://example.com/a_b).\n\n"
        "```\ncode bleibt\n```\n\n- Erster Punkt\n- Zweiter Punkt\n"
    )


def _html(chance: random.Random, sentences: int) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="de"><head><title>Der Hafen</title>\n'
        '<script>var a = "<p>Hallo</p>";</script></head>\n'
        f"<body><h1>Der <em>Hafen</em></h1>\n<p>{_prose(chance, sentences)} "
        "<a href='/x'>Die Polizei</a> &amp; mehr.</p>\n</body></html>\n"
    )


def _jsonl(chance: random.Random, sentences: int) -> str:
    rows = [{"id": number, "title": chance.choice(GERMAN), "text": _prose(chance, sentences)} for number in range(3)]
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _csv(chance: random.Random, sentences: int) -> str:
    return "id;title;url\n" + "".join(f'{number};"{_plain(chance)}";https://a.de/{number}\n' for number in range(3))


def _tsv(chance: random.Random, sentences: int) -> str:
    return "id\ttitle\n" + "".join(f"{number}\t{_plain(chance)}\n" for number in range(3))


def _plain(chance: random.Random) -> str:
    return chance.choice(GERMAN).replace('"', "")


def _srt(chance: random.Random, sentences: int) -> str:
    cues = [f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{chance.choice(GERMAN)}\n" for n in range(1, 4)]
    return "\n".join(cues)


def _vtt(chance: random.Random, sentences: int) -> str:
    cues = [f"00:0{n}.000 --> 00:0{n}.900 align:start\n<i>{chance.choice(GERMAN)}</i>\n" for n in range(1, 4)]
    return "WEBVTT\n\nNOTE bleibt\n\n" + "\n".join(cues)


_WRITERS = {
    "txt": _text,
    "md": _markdown,
    "html": _html,
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _tsv,
    "srt": _srt,
    "vtt": _vtt,
}


def _not_utf8(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    path = f"kaputt/bytes {number}.txt"
    _write(root / path, bytes(range(128, 256)) * 3)
    return path, "TextDecodingError"


def _empty(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    path = f"kaputt/leer {number}.md"
    _write(root / path, b"")
    return path, "InputError"


def _folder(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    path = f"kaputt/ordner {number}.txt"
    (root / path).mkdir(parents=True)
    return path, "InputError"


def _broken_json(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    path = f"kaputt/zeilen {number}.jsonl"
    _write(root / path, (_jsonl(chance, 2) + '{"text": "Das Ende fehlt\n').encode())
    return path, "InputError"


def _too_large(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    path = f"kaputt/riesig {number}.txt"
    _write(root / path, b"Der Hafen bleibt geschlossen. " * 170_000)
    return path, "InputError"


def _unreadable(root: Path, chance: random.Random, number: int) -> tuple[str, str]:
    """A file that cannot be read: no permission, or for root, who always has it, a link that leads nowhere."""
    path = f"kaputt/zu {number}.html"
    if os.geteuid() == 0:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).symlink_to("nirgends.html")
    else:
        _write(root / path, b"<p>Text</p>")
        (root / path).chmod(0)
    return path, "InputError"


_BAD = (_not_utf8, _empty, _folder, _broken_json, _too_large, _unreadable)


if __name__ == "__main__":
    built = build_tree(Path(sys.argv[1]), int(sys.argv[2]), bad=30, seed=int([*sys.argv, "1"][3]))
    print(f"{len(built.good)} good and {len(built.bad)} bad files in {built.root}")
