"""Subtitles: timings, tags and speakers stay; sentences are translated whole and shared out over their cues."""

import re

import pytest

from newsmt.errors import InputError


def cue(number, start, stop, text):
    return f"{number}\n00:00:{start:06.3f} --> 00:00:{stop:06.3f}\n{text}\n".replace(".", ",")


def test_a_sentence_over_two_cues_is_translated_whole(render):
    source = cue(1, 1, 3, "Der Minister sagte am\nDienstag in Berlin_") + "\n" + cue(2, 3.1, 5, "dass er gehe_")
    source = source.replace("Berlin_", "Berlin,").replace("gehe_", "gehe.")
    script = {"Der Minister sagte am Dienstag in Berlin, dass er gehe.": "The minister said in Berlin he was going."}
    written = render("a.srt", source, script)
    assert re.findall(r"\d\d:.*", written) == re.findall(r"\d\d:.*", source)
    texts = [" ".join(block.split("\n")[2:]).strip() for block in written.strip().split("\n\n")]
    assert " ".join(texts) == "The minister said in Berlin he was going."
    assert len(texts[0]) > len(texts[1]) > 0


def test_cues_far_apart_or_ended_are_translated_each_on_its_own(render):
    source = cue(1, 1, 2, "Erster Teil") + "\n" + cue(2, 9, 10, "zweiter Teil!") + "\n" + cue(3, 10, 11, "Dritter Teil")
    script = {"Erster Teil": "Part one", "zweiter Teil!": "Part two!", "Dritter Teil": "Part three"}
    written = render("a.srt", source, script)
    assert re.findall("Part .*", written) == ["Part one", "Part two!", "Part three"]


def test_speakers_and_tags_stay(render):
    source = cue(1, 1, 2, "- Kommen Sie?\n- <i>Nein</i>, nie!") + "\n" + cue(2, 3, 4, "{\\an8}<i>Alles gut!</i>")
    script = {"Kommen Sie?": "Coming?", "Nein, nie!": "No, never!", "Nein": "No", "Alles gut!": "All well!"}
    written = render("a.srt", source, script)
    assert "- Coming?\n- <i>No</i>, never!\n" in written
    assert "\n{\\an8}<i>All well!</i>\n" in written


def test_webvtt_settings_notes_names_and_entities_stay(render):
    source = (
        "WEBVTT - Titel\n\nNOTE\nDer Hafen\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
        "<v Anna Beispiel>Müller &amp; Söhne!\n"
    )
    written = render("a.vtt", source, {"Müller & Söhne!": "Miller & <Sons>!"})
    assert written == source.replace("Müller &amp; Söhne!", "Miller &amp; &lt;Sons&gt;!")


def test_long_lines_are_broken_and_blank_cues_kept(render):
    long = "The commission has decided on Tuesday evening that the old harbour will be closed."
    source = cue(1, 1, 2, "") + "\n" + cue(2, 3, 6, "Der Hafen wird geschlossen!")
    written = render("a.srt", source, {"Der Hafen wird geschlossen!": long})
    assert written.startswith(cue(1, 1, 2, ""))
    lines = written.strip().split("\n")[-2:]
    assert " ".join(lines) == long
    assert max(map(len, lines)) <= 44


def test_an_arrow_in_a_translation_is_no_timing(render):
    written = render("a.srt", cue(1, 1, 2, "Weiter!"), {"Weiter!": "Go --> on!"})
    assert written.count("-->") == 1


@pytest.mark.parametrize("content", ["Kein Untertitel\n", "WEBVTT\n", "1\n00:01 -> 00:02\nText\n"])
def test_a_file_without_cues_is_refused(render, content):
    with pytest.raises(InputError, match="no cue found"):
        render("a.srt", content)


def test_a_broken_timing_is_named_with_its_line(render):
    with pytest.raises(InputError, match=r"a\.srt: line 2: '00:00:0x --> 00:00:02,000' is no timing"):
        render("a.srt", "1\n00:00:0x --> 00:00:02,000\nText\n")
