"""Summaries beside translations: the files, the fields, and what makes them be written again."""

import csv
import io
import json

import pytest

from batch.test_run import outputs, records, statuses
from newsmt.batch import BatchOptions, translate_folder
from newsmt.batch.formats import SourceFile, all_formats, format_of
from newsmt.errors import UsageError
from newsmt.summarizer import Summarizer
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translator import Translator

SENTENCES = (
    "Die Polizei hat am Montag drei Männer in Köln festgenommen.",
    "Sie sollen in der Stadt viele teure Fahrräder gestohlen haben.",
    "Das Gericht in Köln entscheidet am Dienstag über die Männer.",
    "Die Stadt will den Bahnhof künftig besser überwachen lassen.",
    "Der Bürgermeister von Köln lobte die Arbeit der Polizei sehr.",
)
BODY = " ".join(SENTENCES)
ARTICLE = f"Festnahmen in Köln\n\n{BODY}\n"


def english():
    """Translates word by word into capitals, so that what was translated shows."""
    return Translator(ScriptedBackend(lambda source: source.upper()))


def summary_of(text, sentences=2):
    return Summarizer(english()).summarize(text, sentences).text


@pytest.fixture
def folders(tmp_path):
    source = tmp_path / "in"
    (source / "köln").mkdir(parents=True)
    (source / "köln" / "eins.de.txt").write_text(ARTICLE, encoding="utf-8")
    return source, tmp_path / "out"


def run(folders, translator=None, **options):
    options = {"summarize": True, "summary_sentences": 2, "summary_model": "extractive", **options}
    return translate_folder(*folders, translator=translator or english(), batch=BatchOptions(**options))


def test_a_summary_stands_beside_its_translation_and_in_the_manifest(folders):
    run(folders)
    written = outputs(folders[1])
    assert set(written) == {"köln/eins.en.txt", "köln/eins.summary.txt"}
    assert written["köln/eins.summary.txt"].decode() == summary_of(ARTICLE) + "\n"
    record = records(folders[1])["köln/eins.de.txt"]
    assert record["summary"] == "köln/eins.summary.txt"
    assert record["options"]["summary"] == {"model": "extractive", "fingerprint": None, "sentences": 2}


def test_markdown_and_pages_are_summarised_as_a_whole(folders):
    source, destination = folders
    paragraphs = [f"{one} " for one in SENTENCES]
    (source / "a.md").write_text("# Titel\n\n" + "\n\n".join(paragraphs), encoding="utf-8")
    (source / "b.html").write_text("".join(f"<p>{one}</p>" for one in SENTENCES), encoding="utf-8")
    (source / "c.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nDer Hafen\n", encoding="utf-8")
    run(folders)
    expected = summary_of("\n\n".join(SENTENCES)) + "\n"
    assert (destination / "a.summary.txt").read_text(encoding="utf-8") == expected
    assert (destination / "b.summary.txt").read_text(encoding="utf-8") == expected
    assert not (destination / "c.summary.txt").exists()
    assert "summary" not in records(destination)["c.srt"]["options"]


def test_records_get_a_field_and_keep_everything_else(folders):
    source, destination = folders
    row = {"id": 1, "title": "Festnahmen in Köln", "text": BODY}
    lines = [json.dumps(row, ensure_ascii=False), '{"id": 2, "title": "" } ', ""]
    (source / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (source / "b.csv").write_text(f"id;text\r\n1;{BODY}\r\n2;\r\n\r\n", encoding="utf-8", newline="")
    (source / "c.tsv").write_text(f'"id"\t"text"\n"1"\t"{BODY}"', encoding="utf-8")
    run(folders)
    summary = summary_of(ARTICLE)
    first, *rest = (destination / "a.en.jsonl").read_text(encoding="utf-8").split("\n")
    assert json.loads(first) == {"id": 1, "title": row["title"].upper(), "text": BODY.upper(), "summary": summary}
    assert rest == lines[1:]
    text = (destination / "b.en.csv").read_bytes().decode()
    assert text.startswith("id;text;summary\r\n1;")
    assert text.endswith(f";{summary_of(BODY)}\r\n2;;\r\n\r\n")
    written = (destination / "c.en.tsv").read_text(encoding="utf-8")
    table = list(csv.reader(io.StringIO(written), delimiter="\t"))
    assert table == [["id", "text", "summary"], ["1", BODY.upper(), summary_of(BODY)]]
    assert written.startswith('"id"\t"text"\t"summary"\n')
    assert records(destination)["a.jsonl"]["summary"] is None
    assert records(destination)["a.jsonl"]["options"]["summary"]["sentences"] == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.jsonl", '{"title": "Der Hafen", "summary": "steht da"}\n'), ("a.csv", "title,summary\nDer Hafen,steht da\n")],
)
def test_a_field_of_that_name_is_not_overwritten(folders, name, content):
    (folders[0] / name).write_text(content, encoding="utf-8")
    report = run(folders)
    assert [(one.source, one.error["class"]) for one in report.failed] == [(name, "InputError")]
    assert "has a field 'summary' already" in report.failed[0].error["message"]
    assert not (folders[1] / name.replace(".", ".en.")).exists()
    assert statuses(run(folders, summarize=False))[name] == "done"


def test_names_of_summaries_that_clash_are_refused_before_any_work(folders):
    source, destination = folders
    (source / "köln" / "eins.md").write_text(ARTICLE, encoding="utf-8")
    with pytest.raises(
        UsageError, match=r"köln/eins\.summary\.txt from köln/eins\.de\.txt and köln/eins\.md.*--summary"
    ):
        run(folders)
    assert not destination.exists()
    run(folders, summary_name="{stem}{suffix}.summary.txt")
    assert {"köln/eins.txt.summary.txt", "köln/eins.md.summary.txt"} < set(outputs(destination))
    with pytest.raises(UsageError, match="--summary-name 'x'"):
        run(folders, summary_name="x")


def test_another_length_or_a_summary_that_is_gone_is_made_again_and_nothing_else(folders):
    run(folders)
    summary = folders[1] / "köln" / "eins.summary.txt"
    assert set(statuses(run(folders)).values()) == {"kept"}
    assert set(statuses(run(folders, summary_sentences=3)).values()) == {"done"}
    assert summary.read_text(encoding="utf-8") == summary_of(ARTICLE, 3) + "\n"
    summary.unlink()
    assert set(statuses(run(folders, summary_sentences=3)).values()) == {"done"}
    assert summary.exists()


def test_summaries_asked_for_later_are_made_and_no_longer_asked_for_stay(folders):
    run(folders, summarize=False)
    assert set(statuses(run(folders)).values()) == {"done"}
    assert set(statuses(run(folders, summarize=False)).values()) == {"kept"}
    assert set(statuses(run(folders)).values()) == {"kept"}
    (folders[0] / "köln" / "eins.de.txt").write_text(ARTICLE * 2, encoding="utf-8")
    run(folders, summarize=False)
    report = run(folders)
    assert set(statuses(report).values()) == {"done"}
    assert (folders[1] / "köln" / "eins.summary.txt").read_text(encoding="utf-8") == summary_of(ARTICLE * 2) + "\n"


def test_a_summary_that_somebody_has_edited_is_not_overwritten(folders):
    run(folders)
    summary = folders[1] / "köln" / "eins.summary.txt"
    summary.write_text("by hand", encoding="utf-8")
    assert set(statuses(run(folders)).values()) == {"kept"}
    report = run(folders, summary_sentences=1)
    assert [one.error["class"] for one in report.failed] == ["OutputChanged"]
    assert report.failed[0].error["message"].startswith("köln/eins.de.txt: köln/eins.summary.txt was changed")
    assert summary.read_text(encoding="utf-8") == "by hand"
    run(folders, summary_sentences=1, force=True)
    assert summary.read_text(encoding="utf-8") == summary_of(ARTICLE, 1) + "\n"


class Broken(Summarizer):
    def summarize_translation(self, translation, sentences=3):
        raise RuntimeError("CUDA error: out of memory")


def test_a_summary_that_fails_fails_its_file_and_is_tried_again_when_asked(folders, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("newsmt.summarizer.Summarizer", Broken)
        assert [one.error["class"] for one in run(folders).failed] == ["RuntimeError"]
    assert set(outputs(folders[1])) == set()
    assert set(statuses(run(folders)).values()) == {"failed"}
    assert set(statuses(run(folders, retry_failed=True)).values()) == {"done"}


def test_pages_show_the_summary_and_the_index_links_it(folders):
    (folders[0] / "a.jsonl").write_text(
        json.dumps({"text": BODY}) + "\n" + json.dumps({"text": BODY}), encoding="utf-8"
    )
    run(folders, html=True)
    pages = folders[1] / "side-by-side"
    article = (pages / "köln" / "eins.de.txt.html").read_text(encoding="utf-8")
    assert article.index('<section class="summary"') < article.index('<div class="pair')
    assert f"<p>{summary_of(ARTICLE)}</p>" in article
    assert 'href="../../k%C3%B6ln/eins.summary.txt"' in article
    assert (pages / "a.jsonl.html").read_text(encoding="utf-8").count(f"<p>{summary_of(BODY)}</p>") == 2
    assert 'href="../k%C3%B6ln/eins.summary.txt">summary</a>' in (pages / "index.html").read_text(encoding="utf-8")


def test_every_format_says_where_its_summary_goes(tmp_path):
    assert {one.name: one.summaries for one in all_formats()} == {
        "csv": "field",
        "html": "file",
        "jsonl": "field",
        "markdown": "file",
        "subtitles": "none",
        "text": "file",
    }
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "x"}\n', encoding="utf-8")
    [part] = format_of(path.name).parts(SourceFile(path, path.name, ("title",), lambda _: "S"))
    translations = list(Translator(EchoBackend()).translate_documents(["x"]))
    assert part.render(translations) == '{"title": "x", "summary": "S"}\n'


@pytest.mark.parametrize("sentences", [0, -1])
def test_a_number_of_sentences_that_no_summary_can_have(sentences):
    with pytest.raises(UsageError, match="sentences="):
        BatchOptions(summary_sentences=sentences)
