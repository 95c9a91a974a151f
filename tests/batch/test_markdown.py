"""Markdown: what is written reads as what was placed, whatever characters a translation holds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from newsmt.batch.formats import SourceFile, format_of
from newsmt.errors import InputError
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translator import Translator


def test_emphasis_links_and_code_in_a_wrapped_paragraph(render):
    source = "Der **Minister** lobt\n[den Hafen](/x) mit `ls -l`.\n"
    script = {
        "Der Minister lobt den Hafen mit .": "unused",
        "Der Minister lobt den Hafen mit.": "The minister praises the harbour with.",
        "Der Minister lobt den Hafen mit ls -l.": "The minister praises the harbour with ls -l.",
        "Minister": "minister",
        "den Hafen": "the harbour",
    }
    assert render("a.md", source, script) == "The **minister** praises [the harbour](/x) with `ls -l`.\n"


def test_front_matter_title_and_description_are_prose_and_keep_their_style(render):
    source = (
        "---\ntitle: 'Der Hafen'\ndescription: >\n  Ein Satz\n  in zwei Zeilen.\ntags: [Der Hafen]\n---\nDer Hafen\n"
    )
    script = {"Der Hafen": "It's the harbour", "Ein Satz in zwei Zeilen.": "One: two."}
    assert render("a.md", source, script) == (
        "---\ntitle: 'It''s the harbour'\ndescription: \"One: two.\"\ntags: [Der Hafen]\n---\nIt's the harbour\n"
    )


def test_two_rules_are_no_front_matter(render):
    source = "---\n\nDer Hafen\n\n---\n\nDie Stadt\n"
    assert render("a.md", source, {"Der Hafen": "The harbour", "Die Stadt": "The city"}) == (
        "---\n\nThe harbour\n\n---\n\nThe city\n"
    )


def test_a_reference_keeps_its_name_when_its_text_changes(render):
    source = "Mehr [im Archiv].\n\n[im Archiv]: https://a.de\n"
    script = {"Mehr im Archiv.": "More in the archive.", "im Archiv": "in the archive"}
    assert render("a.md", source, script) == "More [in the archive][im Archiv].\n\n[im Archiv]: https://a.de\n"


def test_table_cells_are_translated_one_by_one(render):
    source = "| Der Hafen | N |\n|---|--:|\n| Die `a\\|b` Stadt | 12 |\n"
    script = {"Der Hafen": "The harbour | port", "Die Stadt": "The city", "Die a|b Stadt": "The a|b city"}
    assert render("a.md", source, script) == ("| The harbour \\| port | N |\n|---|--:|\n| The `a\\|b` city | 12 |\n")


def test_quotes_lists_and_headings_keep_their_marks(render):
    source = "Titel\n=====\n\n> * Ein Punkt\n>   geht weiter\n>\n> 2) Zwei\n\n## Ende ##\n"
    script = {"Titel": "Title", "Ein Punkt geht weiter": "One point", "Zwei": "Two", "Ende": "End"}
    assert render("a.md", source, script) == "Title\n=====\n\n> * One point\n>\n> 2) Two\n\n## End ##\n"


def test_windows_line_ends_stay(render):
    assert render("a.md", "# Der Hafen\r\n\r\nDie Stadt\r\n", {"Die Stadt": "The city"}) == (
        "# Der Hafen\r\n\r\nThe city\r\n"
    )


@pytest.mark.parametrize(
    ("translation", "written"),
    [
        ("1. FC wins", "1\\. FC wins"),
        ("- So", "\\- So"),
        ("# One", "\\# One"),
        ("A * b", "A * b"),
        ("A *b* c", "A \\*b\\* c"),
        ("[X](y)", "\\[X\\](y)"),
        ("Snake_case_name", "Snake_case_name"),
        ("3 < 4 & 5", "3 < 4 & 5"),
        ("A <b>", "A \\<b>"),
        ("R&amp;D", "R\\&amp;D"),
        ("[...]", "[...]"),
    ],
)
def test_only_what_would_read_as_markup_is_escaped(render, translation, written):
    assert render("a.md", "Der Hafen\n", {"Der Hafen": translation}) == written + "\n"


def test_emphasis_inside_a_word_becomes_a_tag_where_asterisks_would_not_read(render):
    source = "Der _Hafen_ ruht.\n"
    assert render("a.md", source, {"Der Hafen ruht.": "Theharbour rests.", "Hafen": "harbour"}) in {
        "_Theharbour_ rests.\n",
        "The<em>harbour</em> rests.\n",
    }


def test_front_matter_that_is_no_yaml_says_where(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\nok: 1\ntitle: 'offen\n---\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.md: line \d: the front matter is no YAML"):
        list(format_of("a.md").parts(SourceFile(path, "a.md")))


MARKDOWN = st.lists(
    st.sampled_from(
        ["Der Hafen", " ", "\n", "\n\n", "*", "**", "_", "`", "[", "](/x)", "]", "# ", "> ", "- ", "1. ", "<b>",
         "</b>",
         "| a | b |\n|--|--|\n", "&amp;", "\\", "  \n", "---\n", "~~", "![", "\t", "    ", "<!-- x -->",
         "Köln", "Ende."]
    ),
    max_size=16,
).map("".join)  # fmt: skip
TRANSLATION = st.text(alphabet="ab *_`[]()<>#-+1.!|\\&;~", min_size=1, max_size=10)


def _parts(tmp_path_factory, text):
    path = tmp_path_factory / "a.md"
    path.write_bytes(text.encode())
    return list(format_of("a.md").parts(SourceFile(path, "a.md")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("markdown")


@settings(max_examples=80)
@given(MARKDOWN)
def test_an_echo_gives_any_markdown_back(folder, text):
    for part in _parts(folder, text):
        translations = list(Translator(EchoBackend()).translate_documents([one.text for one in part.passages]))
        assert part.render(translations) == text


@settings(max_examples=80)
@given(MARKDOWN, TRANSLATION)
def test_the_structure_stays_whatever_a_translation_holds(folder, text, translation):
    for part in _parts(folder, text):
        texts = [one.text for one in part.passages]
        translator = Translator(ScriptedBackend(lambda source: translation if translation.strip() else source))
        written = part.render(list(translator.translate_documents(texts)))
        assert _blocks(written) == _blocks(text)


def _blocks(text):
    """The blocks of a text, without what stands in them."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    return [(token.type, token.tag, token.markup) for token in parser.parse(text) if token.type != "inline"]


def test_toml_front_matter_is_kept_and_its_title_translated(render):
    source = (
        '+++\r\ntitle = "Der \\"Hafen\\"" # bleibt\r\ndescription = \'Die Stadt\'\r\nslug = "der-hafen"\r\n'
        '[extra]\r\ntitle = "Der Hafen"\r\n+++\r\n\r\nDer Hafen\r\n'
    )
    script = {'Der "Hafen"': 'The "harbour"', "Die Stadt": "The city", "Der Hafen": "The harbour"}
    written = render("a.md", source, script)
    assert written.startswith('+++\r\ntitle = "The ')
    assert "harbour" in written.splitlines()[1]
    assert written.splitlines()[1].endswith("# bleibt")
    assert 'description = "The city"\r\nslug = "der-hafen"\r\n[extra]\r\ntitle = "Der Hafen"\r\n+++' in written
    assert written.endswith("\r\n\r\nThe harbour\r\n")
    assert render("b.md", source) == source


def test_toml_that_is_none_is_refused(render):
    with pytest.raises(InputError, match=r"a\.md: the front matter is no TOML"):
        render("a.md", "+++\ntitle = \n+++\n\nDer Hafen\n")
