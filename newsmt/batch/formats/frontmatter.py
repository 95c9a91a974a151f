"""Front matter of Markdown files: YAML between lines of dashes or TOML between plus signs, with prose in two keys."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from newsmt.batch.formats.protocol import Passage
from newsmt.batch.formats.splicing import Slot
from newsmt.errors import InputError

if TYPE_CHECKING:
    from newsmt.translation import Translation

__all__ = ["front_matter_length", "front_matter_slots"]

_FRONT_MATTER = re.compile(r"---[ \t]*\r?\n(?P<yaml>.*?)^(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_KEY = re.compile(r"\s*(?:#.*\n\s*)*[\w-]+\s*:")
_TOML = re.compile(r"\+\+\+[ \t]*\r?\n(?P<toml>.*?)^\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML_TABLE = re.compile(r"^[ \t]*\[", re.MULTILINE)
_TOML_PROSE = re.compile(
    r"""^(?P<key>title|description)[ \t]*=[ \t]*(?P<value>"(?!"")(?:[^"\\\n]|\\.)*"|'(?!'')[^'\n]*')""", re.MULTILINE
)
_PROSE_KEYS = frozenset({"title", "description"})


def front_matter_length(text: str) -> int:
    """Characters of the front matter with the lines around it; 0 for a file that has none."""
    match = _match(text) or _TOML.match(text)
    return match.end() if match else 0


def _match(text: str) -> re.Match[str] | None:
    match = _FRONT_MATTER.match(text)
    return match if match and (not match["yaml"].strip() or _KEY.match(match["yaml"])) else None


def front_matter_slots(text: str, name: str) -> Iterator[Slot]:
    """The title and the description, where they are text.

    Raises InputError for front matter that is no YAML, or no TOML.
    """
    toml = _TOML.match(text)
    if toml:
        yield from _toml_slots(text, toml, name)
    match = _match(text)
    if not match:
        return
    for key, node in _compose(match["yaml"], name):
        if key in _PROSE_KEYS and node.tag == "tag:yaml.org,2002:str" and node.value.strip():
            start, stop = match.start("yaml") + node.start_mark.index, match.start("yaml") + node.end_mark.index
            yield _slot(text[start:stop], start, node, key)


def _toml_slots(text: str, front: re.Match[str], name: str) -> Iterator[Slot]:
    """The same in TOML, where they stand on one line before the first table."""
    try:
        values = tomllib.loads(front["toml"].replace("\r\n", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{name}: the front matter is no TOML: {error}") from None
    table = _TOML_TABLE.search(text, front.start("toml"), front.end("toml"))
    end = table.start() if table else front.end("toml")
    for match in _TOML_PROSE.finditer(text, front.start("toml"), end):
        value = values.get(match["key"])
        if isinstance(value, str) and value.strip():
            yield _toml_slot(match, " ".join(value.split()))


def _toml_slot(match: re.Match[str], value: str) -> Slot:
    raw = match["value"]

    def render(translations: Sequence[Translation]) -> str:
        text = translations[0].text
        return raw if text == value else json.dumps(text, ensure_ascii=False)

    return Slot(match.start("value"), match.end("value"), (Passage(value, label=match["key"]),), render)


def _compose(text: str, name: str) -> list[tuple[str, Any]]:
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 2}: " if mark else ""
        problem = getattr(error, "problem", None) or " ".join(str(error).split())
        raise InputError(f"{name}: {where}the front matter is no YAML: {problem}") from None
    if not isinstance(root, yaml.MappingNode):
        return []
    return [(str(key.value), value) for key, value in root.value if isinstance(value, yaml.ScalarNode)]


def _slot(raw: str, start: int, node: Any, key: str) -> Slot:
    value = " ".join(node.value.split())

    def render(translations: Sequence[Translation]) -> str:
        text = translations[0].text
        return raw if text == value else _scalar(text, node.style, raw)

    return Slot(start, start + len(raw), (Passage(value, label=key),), render)


def _scalar(text: str, style: str | None, raw: str) -> str:
    """The text as YAML writes it, in the style of the source where that can hold it."""
    if style == "'":
        return "'" + text.replace("'", "''") + "'"
    if style is None and _is_plain(text):
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return quoted + raw[len(raw.rstrip()) :]


def _is_plain(text: str) -> bool:
    import yaml

    try:
        return bool(yaml.safe_load(f"key: {text}\n") == {"key": text})
    except yaml.YAMLError:
        return False
