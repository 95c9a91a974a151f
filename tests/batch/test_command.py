"""`newsmt batch` as a user runs it: killed, interrupted, on a full disk, in several processes, on a cluster."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from batch.test_run import outputs, records
from batch.trees import build_tree

HERE = Path(__file__).parent
MODEL = "newsmt-mini-de-en"


def command(source, destination, model, *more):
    options = ["--model", model, "--beam-size", "1", "--threads", "1", "--summarize", *more]
    return [sys.executable, "-m", "newsmt", "batch", str(source), str(destination), *map(str, options)]


def run(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, text=True, timeout=100, **options)


def without_times(folder):
    return {
        source: {key: value for key, value in record.items() if key not in {"seconds", "finished"}}
        for source, record in records(folder).items()
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return build_tree(tmp_path_factory.mktemp("tree") / "in", 64, bad=6, sentences=1)


@pytest.fixture(scope="module")
def uninterrupted(tree, tmp_path_factory):
    """The output of one run that nothing disturbed."""
    destination = tmp_path_factory.mktemp("uninterrupted") / "out"
    result = run(tree.root, destination, MODEL)
    assert result.returncode == 3, result.stderr
    return destination, result


def test_a_run_ends_with_a_table_and_exit_code_3_when_files_failed(tree, uninterrupted):
    destination, result = uninterrupted
    assert result.stdout.startswith("done          64  ")
    assert "failed         6  5 InputError, 1 TextDecodingError" in result.stdout
    assert "newsmt: 6 of 70 files failed" in result.stderr
    assert "files to translate" in result.stderr
    assert "\r" not in result.stderr
    done = {source for source, record in records(destination).items() if record["status"] == "done"}
    assert done == set(tree.good)
    names = list(outputs(destination))
    articles = [name for name in tree.good if name.endswith((".txt", ".md", ".html"))]
    assert sum(name.endswith(".summary.txt") for name in names) == len(articles)
    assert len(names) == len(tree.good) + len(articles)


def test_killed_at_any_moment_and_resumed_the_output_is_that_of_one_run(tree, uninterrupted, tmp_path):
    chance = random.Random(6)
    destination = tmp_path / "out"
    manifest = destination / "manifest.jsonl"
    kills = 0
    for goal in (1, 20, 45):  # lines of the manifest to wait for, and then up to a tenth of a second
        process = subprocess.Popen(
            command(tree.root, destination, MODEL), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and (not manifest.exists() or manifest.read_bytes().count(b"\n") < goal + 6):
            time.sleep(0.005)
        time.sleep(chance.random() / 10)
        process.kill()
        kills += process.wait() == -signal.SIGKILL
        for line in manifest.read_bytes().rpartition(b"\n")[0].splitlines():
            json.loads(line)
    assert kills
    assert run(tree.root, destination, MODEL).returncode == 3
    assert outputs(destination) == outputs(uninterrupted[0])
    assert without_times(destination) == without_times(uninterrupted[0])
    assert not list(destination.rglob("*.tmp"))


def test_several_processes_write_the_same(tree, uninterrupted, tmp_path):
    result = run(tree.root, tmp_path / "out", MODEL, "--workers", "2", "--quiet")
    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr.startswith("newsmt: 6 of 70 files failed")
    assert outputs(tmp_path / "out") == outputs(uninterrupted[0])


def test_ctrl_c_finishes_what_is_in_flight_and_says_how_to_go_on(tree, tmp_path):
    process = subprocess.Popen(
        command(tree.root, tmp_path / "out", MODEL), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    manifest = tmp_path / "out" / "manifest.jsonl"
    while not manifest.exists() or not manifest.stat().st_size:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    if process.returncode == 3:  # it was faster than the signal
        return
    assert process.returncode == 130
    assert "finishing the files in flight" in stderr
    assert "files are left: run the same command again to go on" in stderr
    assert stdout.startswith("done")
    assert not list((tmp_path / "out").rglob("*.tmp"))


def test_two_runs_at_once_and_the_second_is_refused(tree, tmp_path):
    first = subprocess.Popen(
        command(tree.root, tmp_path / "out", MODEL), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not (tmp_path / "out" / ".newsmt" / "owner.json").exists():
            time.sleep(0.005)
        os.kill(first.pid, signal.SIGSTOP)
        second = run(tree.root, tmp_path / "out", MODEL)
        assert second.returncode == 1
        assert f"another run is writing there (process {first.pid} on" in second.stderr
    finally:
        first.kill()
        first.wait()


def test_a_full_disk_stops_the_run_and_loses_nothing(tree, uninterrupted, small_disk):
    full = run(tree.root, small_disk / "out", MODEL)
    assert full.returncode == 1
    assert "nothing more can be written: " in full.stderr
    assert "No space left on device" in full.stderr
    assert "run the same command again to go on" in full.stderr
    done = [record for record in records(small_disk / "out").values() if record["status"] == "done"]
    assert 0 < len(done) < len(tree.good)
    assert not list((small_disk / "out").rglob("*.tmp"))
    subprocess.run(["mount", "-o", "remount,size=4m", small_disk], check=True)
    assert run(tree.root, small_disk / "out", MODEL).returncode == 3
    assert outputs(small_disk / "out") == outputs(uninterrupted[0])


@pytest.mark.skipif(not find_spec("ray"), reason="Ray is not installed: pip install 'newsmt[ray]'")
def test_a_ray_cluster_that_loses_a_node_finishes_the_job(tree, uninterrupted, tmp_path):
    arguments = [sys.executable, HERE / "ray_cluster.py", tree.root, tmp_path / "out", MODEL]
    result = subprocess.run(arguments, capture_output=True, text=True, timeout=110)
    assert result.returncode == 0, result.stderr[-3000:]
    happened = json.loads(next(line for line in result.stdout.splitlines() if line.startswith('{"done"')))
    assert happened == {"done": 64, "failed": 6, "killed": True, "after": happened["after"]}
    assert happened["after"] > 0
    assert outputs(tmp_path / "out") == outputs(uninterrupted[0])
    ours, theirs = without_times(tmp_path / "out"), without_times(uninterrupted[0])
    assert ours == theirs
    assert not list((tmp_path / "out").rglob("*.tmp"))


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (["--max-size", "big"], 2, "--max-size 'big': expected a number of bytes"),
        (["--fields", ","], 2, "--fields ',' names no field"),
        (["--output-name", "x"], 2, "--output-name 'x'"),
        (["--workers", "0"], 2, "workers=0 is not allowed"),
    ],
)
def test_values_that_are_not_allowed_are_refused(tmp_path, more, code, message):
    (tmp_path / "in").mkdir()
    result = run(tmp_path / "in", tmp_path / "out", tmp_path, *more)
    assert result.returncode == code
    assert message in result.stderr
    assert not (tmp_path / "out").exists()
