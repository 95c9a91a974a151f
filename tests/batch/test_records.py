"""JSON lines and tables: named fields are translated, everything else passes through as it is written."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmt.batch.formats import SourceFile, format_of
from newsmt.errors import InputError
from newsmt.testing import ScriptedBackend
from newsmt.translator import Translator


def test_only_named_fields_change_and_nested_ones_have_dotted_names(render):
    source = '{"title" : "Der Hafen","meta":{"lead":"Die Stadt","title":"Der Hafen"},"n":1e3,"text":["Der Hafen",7]}\n'
    script = {"Der Hafen": "The harbour", "Die Stadt": 'The "city"'}
    assert render("a.jsonl", source, script) == (
        '{"title" : "The harbour","meta":{"lead":"The \\"city\\"","title":"Der Hafen"},"n":1e3,'
        '"text":["The harbour",7]}\n'
    )


def test_escapes_are_kept_where_the_source_has_them(render):
    assert render("a.jsonl", '{"title":"M\\u00fcller"}', {"Müller": "Möller"}) == '{"title":"M\\u00f6ller"}'
    assert render("a.jsonl", '{"title":"Müller"}', {"Müller": "Möller"}) == '{"title":"Möller"}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"title": "a"}\n{"title": 1,}\n', "line 2 is no JSON: .* at column"),
        ('{"title": "a"}\n["title"]\n', "line 2 is a JSON list: expected an object"),
        ('{"name": "a", "x": {"y": 1}}\n', "none of the fields title, text, meta.lead: its fields are name, x, x.y"),
        (b'{"title": "\xe4"}\n', "line 1: byte 0xe4 at its offset 11 is no UTF-8"),
    ],
)
def test_a_broken_line_is_named(render, content, message):
    with pytest.raises(InputError, match=rf"a\.jsonl.*{message}"):
        render("a.jsonl", content)


def test_a_table_keeps_its_dialect_and_untouched_rows_their_bytes(render):
    source = '"id";"title"\r\n"1";"Der Hafen"\r\n"2";\r\n'
    assert render("a.csv", source, {"Der Hafen": "The; harbour"}) == '"id";"title"\r\n"1";"The; harbour"\r\n"2";\r\n'


def test_windows_1252_and_a_byte_order_mark(render):
    assert render("a.csv", "title\nMüller\n".encode("cp1252"), {"Müller": "Miller"}) == "title\nMiller\n"
    assert render("a.csv", b"\xef\xbb\xbftitle,n\nDer Hafen,1\n", {"Der Hafen": "A, b"}) == '\ufefftitle,n\n"A, b",1\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,title\n1,a\n2,b,c\n", "line 3 has 3 fields, the header 2"),
        ('id,title\n1,"a\n', "line 2: unexpected end of data"),
        ("id,name\n1,a\n", "none of the fields title, text, meta.lead: its fields are id, name"),
    ],
)
def test_a_broken_table_says_where(render, content, message):
    with pytest.raises(InputError, match=rf"a\.csv.*{message}"):
        render("a.csv", content)


def test_large_files_come_in_parts_of_bounded_size(tmp_path):
    for name, head, row in (("a.jsonl", "", '{"title": "Der Hafen"}\n'), ("a.csv", "title\n", "Der Hafen\n")):
        path = tmp_path / name
        path.write_text(head + row * 5_000, encoding="utf-8")
        sizes = [len(part.passages) for part in format_of(name).parts(SourceFile(path, name, ("title",)))]
        assert sum(sizes) == 5_000
        assert max(sizes) <= 1_000


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=6), st.sampled_from(["Der Hafen", "a\\b", '"'])
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["title", "text", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("records")


@settings(max_examples=50)
@given(st.dictionaries(st.sampled_from(["title", "x", "meta"]), VALUES, max_size=3), st.booleans())
def test_any_object_stays_json_with_the_same_shape(folder, value, ascii_only):
    line = json.dumps(value, ensure_ascii=ascii_only)
    path = folder / "a.jsonl"
    path.write_bytes((line + '\n{"title": "Der Hafen"}\n').encode("utf-8", "surrogatepass"))
    try:
        parts = list(format_of("a.jsonl").parts(SourceFile(path, "a.jsonl", ("title", "meta.text"))))
    except InputError:
        assert any(0xD800 <= ord(character) <= 0xDFFF for character in line)
        return
    translator = Translator(ScriptedBackend({"Der Hafen": "The harbour"}))
    translations = list(translator.translate_documents([one.text for part in parts for one in part.passages]))
    first, second = parts[0].render(translations).splitlines()
    assert json.loads(second) == {"title": "The harbour"}
    expected = json.loads(line)
    if isinstance(expected.get("title"), str):
        expected["title"] = expected["title"].replace("Der Hafen", "The harbour")
    assert _shape(json.loads(first)) == _shape(expected)


def _shape(value):
    if isinstance(value, dict):
        return {key: _shape(inner) for key, inner in value.items()}
    return [_shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__
