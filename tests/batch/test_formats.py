"""The contract of a format, over every one there is: nothing lost, nothing broken, bad files say so."""

from pathlib import Path

import pytest

from batch.conftest import FIELDS, shouting, translate_file, words_of
from newsmt.batch.formats import SourceFile, all_formats, format_of
from newsmt.errors import InputError
from newsmt.testing import EchoBackend
from newsmt.translator import Translator

# One rich file per format, what must be in its translation whatever that is, and files that are not in the format.
SAMPLES = {
    "text": ("artikel.txt", "Der Hafen\n\nDie Polizei ermittelt.\r\n\n  - Punkt\n", ["\r\n\n  - "], []),
    "markdown": (
        "artikel.md",
        (
            "---\ntitle: Der Hafen\ndate: 2026-01-02  # Tag\n---\n\n# Der *Hafen* bleibt #\n\n"
            "Die **Polizei** in\n"
            "[Köln](https://a.de/b_c 'Titel') nutzt `rm -rf`.[^1]\n\n> Ein Zitat\n> über zwei Zeilen\n\n"
            "| A | Die Stadt |\n"
            "|---|:--|\n| x `a\\|b` | **Das** Land |\n\n```sh\n# Der Code\n```\n\n"
            "<div>Das bleibt</div>\n\n[ref]: /ziel\n"
        ),
        [
            "date: 2026-01-02  # Tag\n",
            "](https://a.de/b_c 'Titel')",
            "`rm -rf`",
            "[^1]",
            "```sh\n# Der Code\n```",
            "<div>Das bleibt</div>",
            "|---|:--|",
            "`a\\|b`",
            "[ref]: /ziel\n",
        ],
        ["---\ntitle: 'offen\n---\nText\n"],
    ),
    "html": (
        "seite.html",
        (
            "<!DOCTYPE html>\n<html><head><title>Der Hafen</title><style>p>b{}</style>"
            "<script>if(a<b){'<p>x</p>'}</script>"
            '<meta name="description" content="Eine &quot;Lage&quot;"></head>\n<body class=x><!-- <p>weg</p> -->\n'
            "<p>\n  Die <b>Polizei</b> in <a href='/k?a=1&amp;b'>K&ouml;ln</a> ermittelt.<br>\n"
            "  Danach <i>mehr <u>Text</u></i>"
            '.</p><pre>  bleibt </pre><img src="a.png"></body></html>\n'
        ),
        [
            "<style>p>b{}</style><script>if(a<b){'<p>x</p>'}</script>",
            "<!-- <p>weg</p> -->",
            "<a href='/k?a=1&amp;b'>",
            "<pre>  bleibt </pre>",
            '<img src="a.png">',
        ],
        [],
    ),
    "jsonl": (
        "zeilen.jsonl",
        (
            '{"id": 1.50, "title": "Der \\u00dcbergang", "text": ["Ein Satz.", "Noch einer."], "other": "bleibt"}\n\n'
            '{"meta":{"lead":"Der Anfang","text":"bleibt"},"title":null}\r\n{"title": ""}'
        ),
        ['"id": 1.50', '"other": "bleibt"', '"text":"bleibt"', '"title":null}\r\n', '{"title": ""}'],
        ['{"title": "offen}\n', "[1, 2]\n", '{"other": "x"}\n', b'{"title": "\xfc"}\n', "{" * 100_000],
    ),
    "csv": (
        "tabelle.csv",
        ('id;title;text;n\r\n1;"Der; ""Hafen""";"Zwei\r\nZeilen";007\r\n\r\n2;;Ein Satz.;1,5\r\n'),
        ["id;title;text;n\r\n", ";007\r\n", "2;;", ";1,5\r\n"],
        ["id,title\n1,2,3\n", "id,name\n1,x\n", 'id,title\n1,"offen\n', b"title\n\x81\x8d\n"],
    ),
    "subtitles": (
        "film.srt",
        (
            "1\n00:00:01,000 --> 00:00:02,500\nDie Polizei in Köln\n\n2\n00:00:02,600 --> 00:00:04,000\n"
            "<i>ermittelt weiter.</i>"
            "\n\n3\n00:00:05,000 --> 00:00:06,000\n- Warum?\n- <b>Darum</b> eben.\n"
        ),
        ["1\n00:00:01,000 --> 00:00:02,500\n", "<i>", "</i>", "\n- ", "<b>", "</b>"],
        ["Nur Text\n", "1\n00:00:01 -> 00:00:02\nText\n", "1\n00:00:01,0 --> bald\nText\n"],
    ),
}


def test_every_format_has_a_sample():
    assert {one.name for one in all_formats()} == set(SAMPLES)


@pytest.fixture(params=SAMPLES)
def sample(request, tmp_path):
    name, content, kept, bad = SAMPLES[request.param]
    path = tmp_path / name
    path.write_bytes(content.encode())
    return path, content, kept, bad


def test_suffixes_are_unambiguous_and_found_in_any_case():
    suffixes = [suffix for one in all_formats() for suffix in one.suffixes]
    assert len(suffixes) == len(set(suffixes))
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in suffixes)
    assert all(format_of(f"A.B{suffix.upper()}") for suffix in suffixes)
    assert format_of("bild.jpg") is None


def test_a_translation_that_changes_nothing_gives_the_file_back(sample):
    path, content, _, _ = sample
    assert translate_file(path, Translator(EchoBackend())) == content


def test_whatever_the_translation_is_the_words_come_once_and_the_rest_stays(sample):
    path, content, kept, _ = sample
    written = translate_file(path, shouting())
    assert written != content
    assert [piece for piece in kept if piece not in written] == []
    assert words_of(_read(written)) == words_of(_read(content))


def _read(text):
    import html

    return html.unescape(text.replace("\\u00dc", "Ü"))


def test_passages_have_text_and_the_file_is_read_the_same_twice(sample):
    path, _, _, _ = sample
    source = SourceFile(path, path.name, FIELDS)
    one, two = ([list(part.passages) for part in format_of(path.name).parts(source)] for _ in range(2))
    assert one == two
    assert all(passage.text.strip() for part in one for passage in part)


def test_what_is_not_in_the_format_is_refused_with_the_name_of_the_file(sample):
    path, _, _, bad = sample
    for content in bad:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(InputError, match=path.name):
            translate_file(path, Translator(EchoBackend()))


def test_a_missing_file_is_an_input_error(tmp_path):
    for one in all_formats():
        path = Path(tmp_path / f"fehlt{one.suffixes[0]}")
        with pytest.raises(InputError, match="fehlt"):
            list(one.parts(SourceFile(path, path.name, FIELDS)))
