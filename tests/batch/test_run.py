"""A folder in, a folder out: resumed, isolated, locked, and nothing lost."""

import hashlib
import json
import os
import subprocess
import threading
from collections import Counter

import pytest

from batch.trees import build_tree
from newsmt.backends import Hypothesis
from newsmt.batch import BatchOptions, translate_folder
from newsmt.batch.job import Job, Settings
from newsmt.batch.lock import only_run
from newsmt.batch.progress import Silent
from newsmt.batch.task import FileTask
from newsmt.errors import BatchFailed, InputError, NewsmtError, UsageError
from newsmt.options import DecodingOptions
from newsmt.testing import EchoBackend, ScriptedBackend
from newsmt.translation import System
from newsmt.translator import Translator

SCRIPT = {"Der Hafen": "The harbour", "Die Stadt": "The city"}


@pytest.fixture
def folders(tmp_path):
    source = tmp_path / "in"
    (source / "a b").mkdir(parents=True)
    (source / "eins.txt").write_text("Der Hafen\n", encoding="utf-8")
    (source / "a b" / "zwei.de.md").write_text("# Die Stadt\n", encoding="utf-8")
    return source, tmp_path / "out"


def run(folders, backend=None, **options):
    translator = Translator(backend or ScriptedBackend(SCRIPT))
    return translate_folder(*folders, translator=translator, batch=BatchOptions(**options))


def records(folder):
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["source"]: record for record in map(json.loads, lines)}


def statuses(report):
    return {record.source: record.status for record in report.records}


def outputs(folder):
    """Every file of an output folder but the lock and the manifest, with what is in it."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".newsmt" not in path.parts and path.name != "manifest.jsonl"
    }


def test_the_output_mirrors_the_tree_and_the_manifest_says_how(folders):
    report = run(folders)
    assert outputs(folders[1]) == {"a b/zwei.en.md": b"# The city\n", "eins.en.txt": b"The harbour\n"}
    record = records(folders[1])["eins.txt"]
    assert record["status"] == "done"
    assert record["output"] == "eins.en.txt"
    assert record["source_sha256"] == hashlib.sha256(b"Der Hafen\n").hexdigest()
    assert record["output_sha256"] == hashlib.sha256(b"The harbour\n").hexdigest()
    assert (record["model"], record["blocks"], record["segments"], record["words"]) == ("scripted", 1, 1, 2)
    assert record["options"]["beam_size"] == 4
    assert report.words == 4
    assert "done           2  4 words" in report.table()
    report.raise_for_failures()


def test_a_second_run_translates_nothing(folders):
    run(folders)
    backend = ScriptedBackend(SCRIPT)
    report = run(folders, backend)
    assert backend.calls == []
    assert set(statuses(report).values()) == {"kept"}


@pytest.mark.parametrize("change", ["source", "option", "model", "output gone", "force"])
def test_a_file_is_done_again_when_something_changed(folders, change):
    run(folders)
    source, destination = folders
    translator = Translator(ScriptedBackend(SCRIPT))
    options = DecodingOptions()
    if change == "source":
        (source / "eins.txt").write_text("Die Stadt\n", encoding="utf-8")
    elif change == "option":
        options = DecodingOptions(beam_size=2)
    elif change == "model":
        translator = Translator(ScriptedBackend(SCRIPT), system=System("scripted", "scripted", None, "other weights"))
    elif change == "output gone":
        (destination / "eins.en.txt").unlink()
    report = translate_folder(
        source, destination, translator=translator, options=options, batch=BatchOptions(force=change == "force")
    )
    everything = {"option", "model", "force"}
    assert statuses(report) == {
        "eins.txt": "done",
        "a b/zwei.de.md": "done" if change in everything else "kept",
    }
    expected = b"The city\n" if change == "source" else b"The harbour\n"
    assert (destination / "eins.en.txt").read_bytes() == expected


def test_work_by_hand_is_never_overwritten_but_with_force(folders):
    run(folders)
    source, destination = folders
    (destination / "eins.en.txt").write_text("The port, by hand\n", encoding="utf-8")
    assert statuses(run(folders))["eins.txt"] == "kept"
    (source / "eins.txt").write_text("Die Stadt\n", encoding="utf-8")
    report = run(folders)
    assert report.failed[0].error["class"] == "OutputChanged"
    assert "changed after it was written" in report.failed[0].error["message"]
    assert (destination / "eins.en.txt").read_text(encoding="utf-8") == "The port, by hand\n"
    assert statuses(run(folders, force=True))["eins.txt"] == "done"
    assert (destination / "eins.en.txt").read_text(encoding="utf-8") == "The city\n"


def test_files_that_leave_no_room_for_their_records_make_room(tmp_path, small_disk, monkeypatch):
    source, destination = tmp_path / "in", small_disk / "out"
    source.mkdir()
    for number in range(40):  # each takes a page of 4 kB, and the disk has 25 of them
        (source / f"{number:02}.txt").write_text(f"Artikel {number}\n", encoding="utf-8")
    with monkeypatch.context() as patch:  # all that is finished goes on record at once, when the disk is full
        patch.setattr("newsmt.batch.run._in_batches", lambda outcomes: iter([list(outcomes)]))
        with pytest.raises(NewsmtError, match=r"No space left on device; \d+ files are done and safe"):
            run((source, destination), EchoBackend())
    done = {name for name, record in records(destination).items() if record["status"] == "done"}
    assert 0 < len(done) < 40
    assert set(outputs(destination)) == {name.replace(".txt", ".en.txt") for name in done}
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert Counter(statuses(run((source, destination), EchoBackend())).values()) == {
        "kept": len(done),
        "done": 40 - len(done),
    }


def test_a_file_that_newsmt_did_not_write_is_not_overwritten(folders):
    folders[1].mkdir()
    (folders[1] / "eins.en.txt").write_text("mine", encoding="utf-8")
    report = run(folders)
    assert [(record.source, record.error["class"]) for record in report.failed] == [("eins.txt", "OutputChanged")]
    assert (folders[1] / "eins.en.txt").read_text(encoding="utf-8") == "mine"
    (folders[1] / "eins.en.txt").unlink()
    assert statuses(run(folders))["eins.txt"] == "done"


class Moody(ScriptedBackend):
    """Fails on every call that has a certain sentence in it."""

    def __init__(self, bad):
        super().__init__(SCRIPT)
        self.bad = bad

    def generate(self, sources, options):
        hypotheses = super().generate(sources, options)
        if self.bad in sources:
            raise RuntimeError("CUDA error: out of memory")
        return hypotheses


def test_a_text_that_breaks_the_model_fails_alone_and_is_tried_again_when_asked(folders):
    report = run(folders, Moody("Der Hafen"))
    assert statuses(report) == {"eins.txt": "failed", "a b/zwei.de.md": "done"}
    assert report.failed[0].error == {"class": "RuntimeError", "message": "CUDA error: out of memory"}
    with pytest.raises(BatchFailed, match="1 of 2 files failed"):
        report.raise_for_failures()
    assert statuses(run(folders)) == {"eins.txt": "failed", "a b/zwei.de.md": "kept"}
    assert statuses(run(folders, retry_failed=True)) == {"eins.txt": "done", "a b/zwei.de.md": "kept"}


def test_a_failed_new_version_leaves_the_old_output_and_can_be_mended(folders):
    run(folders)
    (folders[0] / "eins.txt").write_bytes(b"\x81\x8d")
    assert statuses(run(folders))["eins.txt"] == "failed"
    assert (folders[1] / "eins.en.txt").read_bytes() == b"The harbour\n"
    (folders[0] / "eins.txt").write_text("Die Stadt\n", encoding="utf-8")
    assert statuses(run(folders))["eins.txt"] == "done"


def test_bad_files_are_on_record_and_stop_nobody(tmp_path):
    tree = build_tree(tmp_path / "in", 16, bad=6)
    report = run((tree.root, tmp_path / "out"), EchoBackend())
    assert {record.source: record.error["class"] for record in report.failed} == tree.bad
    assert sorted(record.source for record in report.done) == sorted(tree.good)
    assert {record["source"] for record in records(tmp_path / "out").values()} == {*tree.good, *tree.bad}
    assert all(record.error["message"].count(record.source) == 1 for record in report.failed)


def test_files_of_unknown_format_and_links_out_of_the_tree_are_listed(folders, tmp_path):
    source, _ = folders
    (source / "bild.jpg").write_bytes(b"\xff")
    (source / ".versteckt.txt").write_text("x", encoding="utf-8")
    (tmp_path / "fremd.txt").write_text("x", encoding="utf-8")
    (source / "hinaus.txt").symlink_to(tmp_path / "fremd.txt")
    (source / "hinein.txt").symlink_to(source / "eins.txt")
    (source / "kreis").symlink_to(source)
    os.mkfifo(source / "rohr.txt")
    report = run(folders)
    assert statuses(report) == {
        "a b/zwei.de.md": "done",
        "bild.jpg": "skipped",
        "eins.txt": "done",
        "hinaus.txt": "skipped",
        "hinein.txt": "done",
        "kreis": "skipped",
        "rohr.txt": "skipped",
    }
    assert "not a format newsmt knows (.csv" in report.table()
    report.raise_for_failures()


def test_names_that_are_no_text_and_long_ones_do_no_harm(folders):
    source, destination = folders
    (source / os.fsdecode(b"caf\xe9.txt")).write_text("Der Hafen\n", encoding="utf-8")
    (source / ("ä" * 125 + ".txt")).write_text("Der Hafen\n", encoding="utf-8")
    (source / "🗞️ #1 %20?.txt").write_text("Der Hafen\n", encoding="utf-8")
    report = run(folders, html=True)
    assert [record.error["class"] for record in report.failed] == ["OSError"]
    assert (destination / os.fsdecode(b"caf\xe9.en.txt")).read_bytes() == b"The harbour\n"
    assert statuses(run(folders, html=True))[os.fsdecode(b"caf\xe9.txt")] == "kept"


def test_the_output_folder_may_lie_in_the_source_and_is_not_translated(folders):
    source, _ = folders
    inside = (source, source / "english")
    run(inside)
    report = run(inside)
    assert set(statuses(report)) == {"eins.txt", "a b/zwei.de.md"}
    with pytest.raises(UsageError, match="would take them for sources"):
        run((source, source))


def test_names_that_clash_are_refused_before_any_work(folders):
    source, destination = folders
    (source / "eins.de.txt").write_text("x", encoding="utf-8")
    with pytest.raises(UsageError, match=r"eins\.en\.txt from eins\.de\.txt and eins\.txt"):
        run(folders)
    assert not destination.exists()
    run(folders, output_name="{name}-EN{suffix}")
    assert set(outputs(destination)) == {"eins-EN.txt", "eins.de-EN.txt", "a b/zwei.de-EN.md"}


@pytest.mark.parametrize("pattern", ["out.txt", "{stem}/{suffix}", "{stem", "{other}.txt", "{stem!r:>{width}}"])
def test_an_output_pattern_must_give_a_name(folders, pattern):
    with pytest.raises(UsageError, match="--output-name"):
        run(folders, output_name=pattern)


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        (("*.md",), (), {"a b/zwei.de.md"}),
        ((), ("*.md",), {"eins.txt"}),
        (("a */**",), (), {"a b/zwei.de.md"}),
        (("**/*.[mt]*",), (), {"a b/zwei.de.md", "eins.txt"}),
        (("*.txt",), ("ei?s.*",), set()),
    ],
)
def test_globs_choose_the_files(folders, include, exclude, taken):
    assert set(statuses(run(folders, include=include, exclude=exclude))) == taken


def test_a_second_run_at_the_same_time_is_refused(folders):
    folders[1].mkdir()
    with only_run(folders[1]), pytest.raises(InputError, match=r"another run is writing there \(process \d+ on"):
        run(folders)
    assert statuses(run(folders))["eins.txt"] == "done"


def test_what_a_killed_run_left_is_cleaned_up(folders):
    run(folders)
    destination = folders[1]
    (destination / "a b" / ".newsmt-abc.tmp").write_bytes(b"half")
    with (destination / "manifest.jsonl").open("ab") as file:
        file.write(b'{"source": "eins.txt", "status": "fai')
    report = run(folders)
    assert set(statuses(report).values()) == {"kept"}
    assert not list(destination.rglob("*.tmp"))
    assert len(records(destination)) == 2


def test_a_manifest_that_is_damaged_says_where(folders):
    run(folders)
    manifest = folders[1] / "manifest.jsonl"
    manifest.write_bytes(b"nonsense\n" + manifest.read_bytes())
    with pytest.raises(InputError, match=r"manifest\.jsonl: line 1 is no record"):
        run(folders)


class _StopAfter(Silent):
    def __init__(self, stop, files):
        self.stop, self.files = stop, files

    def advance(self, outcome):
        self.files -= 1
        if self.files == 0:
            self.stop.set()


def test_a_stopped_run_is_finished_by_the_next(tmp_path):
    tree = build_tree(tmp_path / "in", 60)
    stop = threading.Event()
    translator = Translator(EchoBackend())
    first = translate_folder(
        tree.root, tmp_path / "out", translator=translator, stop=stop, progress=_StopAfter(stop, 3)
    )
    second = translate_folder(tree.root, tmp_path / "out", translator=translator)
    assert len(first.done) + first.unfinished == 60
    assert first.is_interrupted == (first.unfinished > 0)
    assert len(second.kept) == len(first.done)
    assert len(second.done) == first.unfinished


def test_segments_of_many_files_share_a_call_and_each_text_is_decoded_once(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(50):
        (tmp_path / "in" / f"{number}.txt").write_text(f"Bericht Nummer {number}\n\nDer Hafen\n", encoding="utf-8")
    backend = ScriptedBackend(SCRIPT)
    run((tmp_path / "in", tmp_path / "out"), backend)
    assert len(backend.calls) <= 4
    assert sum(len(call) for call in backend.calls) <= 50 + len(backend.calls)


def test_a_large_table_is_streamed(tmp_path):
    (tmp_path / "in").mkdir()
    rows = 3_000
    (tmp_path / "in" / "groß.csv").write_text("id,title\n" + "7,Der Hafen\n" * rows, encoding="utf-8")
    report = run((tmp_path / "in", tmp_path / "out"), max_bytes=1_000)
    assert report.done[0].words == 2 * rows
    assert (tmp_path / "out" / "groß.en.csv").read_text(encoding="utf-8") == "id,title\n" + "7,The harbour\n" * rows


def test_warnings_are_counted_and_shown(folders):
    backend = ScriptedBackend({"Der Hafen": Hypothesis("The harbour", 0.0, 2, finished=False)})
    report = run(folders, backend, html=True)
    assert report.done[1].warnings == {"cut": 1}
    page = (folders[1] / "side-by-side" / "eins.txt.html").read_text(encoding="utf-8")
    assert "<mark" in page
    assert "reached its length limit" in page


def test_pages_need_nothing_from_outside_and_the_index_lists_all(folders):
    (folders[0] / "a&b <c>.txt").write_text("Der Hafen <script>alert(1)</script>\n", encoding="utf-8")
    (folders[0] / "leer.txt").write_bytes(b"")
    run(folders, EchoBackend(), html=True)
    pages = {name: data.decode() for name, data in outputs(folders[1]).items() if name.startswith("side-by-side/")}
    assert set(pages) == {
        "side-by-side/index.html",
        "side-by-side/a b/zwei.de.md.html",
        "side-by-side/a&b <c>.txt.html",
        "side-by-side/eins.txt.html",
    }
    assert not [name for name, page in pages.items() if "<script" in page or "http" in page or " src=" in page]
    index = pages["side-by-side/index.html"]
    assert 'href="a%20b/zwei.de.md.html"' in index
    assert 'leer.txt<div class="reason">is empty: there is nothing to translate</div>' in index
    assert 'href="../../a%20b/zwei.en.md"' in pages["side-by-side/a b/zwei.de.md.html"]


def test_pages_asked_for_later_are_made(folders):
    run(folders)
    report = run(folders, html=True)
    assert set(statuses(report).values()) == {"done"}
    assert set(statuses(run(folders, html=True)).values()) == {"kept"}
    assert set(statuses(run(folders)).values()) == {"kept"}


def test_options_and_folders_that_cannot_be_meant(folders, tmp_path):
    with pytest.raises(UsageError, match="engine='spark'"):
        BatchOptions(engine="spark")
    with pytest.raises(UsageError, match="workers=0"):
        BatchOptions(workers=0)
    with pytest.raises(UsageError, match="one worker in this process"):
        run(folders, workers=2)
    with pytest.raises(InputError, match="no such folder"):
        run((tmp_path / "fehlt", folders[1]))
    with pytest.raises(InputError, match="is no folder"):
        run((folders[0], folders[0] / "eins.txt"))


def test_a_file_that_changes_while_it_is_read_is_not_half_translated(folders):
    settings = Settings(*folders, DecodingOptions(), ("title",), 0)
    task = FileTask(Job("eins.txt", "eins.en.txt"), settings)
    for _ in task.read():
        (folders[0] / "eins.txt").write_text("Der Hafen und mehr\n", encoding="utf-8")
    assert task.outcome().error == (
        "InputError",
        "eins.txt was changed while it was read; run again when it is complete",
    )
