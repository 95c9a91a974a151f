"""HTML: prose is translated where it stands, everything else stays as it is written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmt.batch.formats import SourceFile, format_of
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translator import Translator


def test_a_page_says_that_it_is_english_and_utf8(render):
    source = (
        '<html lang="de-AT"><head><meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">'
        "</head><body>Gr\u00fc\u00dfe</body></html>"
    )
    written = render("a.html", source.encode("latin-1"))
    assert written == source.replace("de-AT", "en").replace("ISO-8859-1", "utf-8")


def test_title_and_descriptions_are_prose(render):
    source = (
        "<title>Der Hafen</title><meta content='Ein &quot;Satz&quot;' name=description>"
        '<meta property="og:title" content="Der Hafen"><meta name="keywords" content="Der Hafen">'
    )
    script = {"Der Hafen": "The <harbour>", 'Ein "Satz"': "A 'sentence'"}
    assert render("a.html", source, script) == (
        "<title>The &lt;harbour&gt;</title><meta content='A &#x27;sentence&#x27;' name=description>"
        '<meta property="og:title" content="The &lt;harbour&gt;"><meta name="keywords" content="Der Hafen">'
    )


@pytest.mark.parametrize(
    "untouched",
    [
        "<script>var Hafen = '<p>Der Hafen</p>';</script>",
        "<style>.Hafen > b {}</style>",
        "<pre>Der Hafen</pre>",
        "<textarea>Der Hafen</textarea>",
        "<svg><text>Der Hafen</text></svg>",
        "<!-- Der Hafen -->",
        '<p translate="no">Der Hafen</p>',
        '<p class="x notranslate">Der Hafen</p>',
        '<blockquote lang="fr">Der Hafen</blockquote>',
        "<template><p>Der Hafen</p></template>",
    ],
)
def test_what_is_no_prose_stays(render, untouched):
    source = f"<div>Die Stadt</div>{untouched}<p>Die Stadt"
    assert render("a.html", source, {"Der Hafen": "The harbour", "Die Stadt": "The city"}) == (
        f"<div>The city</div>{untouched}<p>The city"
    )


def test_inline_code_and_footnotes_stay_in_their_sentence(render):
    source = "<p>Der Befehl <code>ls -l</code> hilft.<sup><a href='#f'>1</a></sup></p>"
    script = {"Der Befehl hilft.": "The command helps.", "Der Befehl ls -l hilft.": "The ls -l command helps."}
    assert render("a.html", source, script) == (
        "<p>The <code>ls -l</code> command helps.<sup><a href='#f'>1</a></sup></p>"
    )


def test_code_that_a_model_changes_is_left_out_of_its_sentence_and_put_back(render):
    source = "<p>Der Befehl <code>ls -l</code> hilft.</p>"
    script = {"Der Befehl hilft.": "The command helps.", "Der Befehl ls -l hilft.": "The LS-L command helps."}
    assert render("a.html", source, script) == "<p>The command <code>ls -l</code> helps.</p>"


def test_a_break_ends_a_block_and_white_space_at_its_ends_stays(render):
    source = "<p>\n  Der Hafen<br/>\n  Die Stadt\n</p>"
    script = {"Der Hafen": "The harbour", "Die Stadt": "The city"}
    assert render("a.html", source, script) == "<p>\n  The harbour<br/>\n  The city\n</p>"


def test_entities_come_as_characters_and_only_what_must_be_is_escaped(render):
    source = "<p>M&uuml;ller &amp; S&ouml;hne &lt;3</p>"
    script = {"M\u00fcller & S\u00f6hne <3": 'Miller & "Sons" <3 \u20ac'}
    assert render("a.html", source, script) == '<p>Miller &amp; "Sons" &lt;3 \u20ac</p>'


HTML = st.lists(
    st.sampled_from(
        ["Der Hafen", " ", "\n", "<p>", "</p>", "<b>", "</b>", "<a href='x>y'>", "</a>", "<br>", "<img/>", "&amp;", "&",
         "<", ">", "<!-- x", "-->", "<script>", "</script>", "<code>", "</code>", "<td>", "<?x?>", "<!DOCTYPE html>",
         "<sup>1</sup>", "&#8222;", "<![CDATA[", "]]>", "</", "<title>", "</title>", "\u00a0", "K\u00f6ln.", "'"]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return tmp_path_factory.mktemp("html") / "a.html"


def _translated(page, text, translator):
    page.write_bytes(text.encode())
    (part,) = format_of("a.html").parts(SourceFile(page, "a.html"))
    return part.render(list(translator.translate_documents([one.text for one in part.passages])))


@settings(max_examples=80)
@given(HTML)
def test_an_echo_gives_any_page_back(page, text):
    assert _translated(page, text, Translator(EchoBackend())) == text


@settings(max_examples=80)
@given(HTML, st.text(alphabet="ab <>&'\"", min_size=1, max_size=9))
def test_no_tag_is_lost_whatever_a_translation_holds(page, text, translation):
    written = _translated(page, text, Translator(ScriptedBackend(lambda source: translation.strip() or source)))
    tag = re.compile(r"</?[a-z][^>]*>")
    assert sorted(tag.findall(written)) == sorted(tag.findall(text))


def test_what_a_page_says_of_its_encoding_is_true_of_the_translation(render):
    source = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<html><head><title>Müller</title></head></html>\n'
    assert render("a.xhtml", source.encode("latin-1"), {"Müller": "Möller"}) == (
        '<?xml version="1.0" encoding="utf-8"?>\n<html><head><title>Möller</title></head></html>\n'
    )
    unchanged = '<?xml version="1.0" encoding="UTF-8"?>\n<p>Müller</p>\n'
    assert render("b.xhtml", unchanged) == unchanged
