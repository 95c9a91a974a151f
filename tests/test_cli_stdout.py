"""Results reach a slow reader whole, and a full disk is one line."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

FULL = Path("/dev/full")
PROGRAM = "from newsmt.cli import main; import sys; sys.exit(main(sys.argv[1:]))"


@pytest.fixture
def report(tmp_path):
    """An evaluation whose HTML page is larger than a pipe holds."""
    lines = "".join(f"Line {index} says {'so ' * 40}much.\n" for index in range(300))
    for name in ("source.de", "reference.en"):
        (tmp_path / name).write_text(lines, encoding="utf-8")
    options = ["--test-set", tmp_path, "--system", f"a={tmp_path / 'reference.en'}", "--resamples", "0"]
    return [*options, "--metric", "bleu", "--worst", "300", "--format", "html", "--jobs", "1"]


def start(arguments, unbuffered, **streams):
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    command = [sys.executable, "-c", PROGRAM, "evaluate", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, **streams)


def test_an_unbuffered_page_reaches_a_slow_reader(report):
    process = start(report, "1", stdout=subprocess.PIPE)
    beginning = process.stdout.read(9)
    time.sleep(0.5)  # longer than writing what the pipe holds
    out, err = process.communicate(timeout=60)
    assert beginning == b"<!DOCTYPE"
    assert out.endswith(b"</html>\n")
    assert len(out) > 100_000
    assert err == b""


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_leaves_is_no_error_to_speak_of(report, unbuffered):
    process = start(report, unbuffered, stdout=subprocess.PIPE, bufsize=0)
    process.stdout.read(9)
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 141
    assert err == b""


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_one_line(report, unbuffered):
    with FULL.open("wb") as full:
        process = start(report, unbuffered, stdout=full)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.startswith(b"newsmt: stdout cannot be written: ")
    assert err.count(b"\n") == 1
