"""`newsmt translate`, run as users run it, with the bundled model."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from newsmt.cli import main

MODEL = ["--model", "newsmt-mini-de-en"]
ARTICLE = "Streik im Hafen\n\nDer Hafen steht still. Es gab 2.000 Fälle.\n"


@pytest.fixture
def article(tmp_path):
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    return path


def run(capfd, *arguments):
    code = main(["translate", *map(str, arguments)])
    out, err = capfd.readouterr()
    return code, out, err


def command(*arguments, **options):
    return subprocess.Popen([sys.executable, "-m", "newsmt", "translate", *MODEL, *map(str, arguments)], **options)


def test_file_to_stdout(article, capfd):
    code, out, err = run(capfd, article, *MODEL)
    assert code == 0
    assert out.count("\n") == ARTICLE.count("\n")
    assert "2,000" in out
    assert "3 blocks" not in err
    assert "2 blocks by newsmt-mini-de-en (ctranslate2 int8 cpu" in err


def test_stdin_to_file(article, tmp_path):
    output = tmp_path / "article.en.txt"
    with article.open("rb") as stdin:
        process = command("-", "-o", output, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate()
    assert (process.returncode, out) == (0, b""), err.decode()
    assert "2,000" in output.read_text(encoding="utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["article.en.txt", "article.txt"]


def test_json(article, capfd):
    code, out, _ = run(capfd, article, "--format", "json", *MODEL)
    data = json.loads(out)
    assert code == 0
    assert [block["kind"] for block in data["blocks"]] == ["headline", "paragraph"]
    assert data["model"] == "newsmt-mini-de-en"
    assert data["fingerprint"]


@pytest.mark.parametrize("text", [b"", b"   \n", b"\n" * 10_000])
def test_nothing_gives_nothing(tmp_path, capfd, text):
    path = tmp_path / "blank.txt"
    path.write_bytes(text)
    assert run(capfd, path, *MODEL)[:2] == (0, text.decode())


@pytest.mark.parametrize(
    ("encoding", "word"), [("utf-8-sig", "Bär"), ("latin-1", "Bär"), ("cp1252", "„Bär“"), ("utf-16", "Bär")]
)
def test_encodings(tmp_path, capfd, encoding, word):
    path = tmp_path / "a.txt"
    path.write_bytes(f"Der {word} schläft.\n".encode(encoding))
    code, out, _ = run(capfd, path, *MODEL)
    assert code == 0
    assert out.endswith("\n")
    assert "\ufeff" not in out


def test_bad_input_is_one_line_and_exit_code_1(tmp_path, capfd):
    bad = tmp_path / "bad.txt"
    bad.write_bytes("Größe".encode() + b"\xff")
    for path, message in [
        (tmp_path / "missing.txt", "no such file"),
        (tmp_path, "is a directory"),
        (bad, "offset 7"),
    ]:
        code, out, err = run(capfd, path, *MODEL)
        assert (code, out) == (1, "")
        assert message in err
        assert err.count("\n") == 1


def test_a_file_without_read_permission(article, capfd, monkeypatch):
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(type(article), "read_bytes", refuse)
    code, _, err = run(capfd, article, *MODEL)
    assert code == 1
    assert "no permission to read it" in err


def test_an_unknown_model_shows_near_matches(article, capfd):
    code, _, err = run(capfd, article, "--model", "newsmt-mini-de-eng")
    assert code == 1
    assert "newsmt-mini-de-en" in err


def test_a_model_directory_with_a_file_missing(article, tmp_path, capfd):
    (tmp_path / "model").mkdir()
    code, _, err = run(capfd, article, "--model", tmp_path / "model")
    assert code == 1
    assert "config.json" in err


def test_usage_errors_are_exit_code_2(article, capfd):
    code, _, err = run(capfd, article, "--beam-size", "0", *MODEL)
    assert code == 2
    assert "beam_size=0" in err
    with pytest.raises(SystemExit) as exit_:
        main(["translate", "--format", "xml"])
    assert exit_.value.code == 2


def test_an_output_that_cannot_be_written_is_said_before_the_work(article, tmp_path, capfd):
    assert "no such folder" in run(capfd, article, "-o", tmp_path / "missing" / "out.txt", *MODEL)[2]
    assert "is a directory" in run(capfd, article, "-o", tmp_path, *MODEL)[2]


def test_debug_shows_the_traceback(tmp_path):
    from newsmt.errors import InputError

    with pytest.raises(InputError):
        main(["--debug", "translate", str(tmp_path)])


def test_stdout_closed_early_is_quiet(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("2.000\n" * 100_000, encoding="utf-8")  # no words: only plumbing
    process = command(path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    process.stdout.read(6)
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(60) == 141
    assert "Traceback" not in err
    assert "Exception" not in err


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_slow_reader_gets_everything(tmp_path, unbuffered):
    path = tmp_path / "long.txt"
    path.write_text("2.000\n" * 100_000, encoding="utf-8")
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    process = command(path, "--quiet", stdout=subprocess.PIPE, env=environment)
    time.sleep(1)
    out, _ = process.communicate(timeout=60)
    assert out.decode() == path.read_text(encoding="utf-8")


def test_ctrl_c_ends_promptly_with_one_line(tmp_path):
    path = tmp_path / "long.txt"
    path.write_text("".join(f"Der Hafen Nummer {index} steht still.\n" for index in range(20_000)), encoding="utf-8")
    output = tmp_path / "out.txt"
    process = command(path, "-o", output, "--threads", "1", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().strip().splitlines()[-1] == "newsmt: interrupted"
    assert "Traceback" not in err.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["long.txt"]


def test_control_tokens_and_nul_are_text(tmp_path, capfd):
    path = tmp_path / "a.txt"
    path.write_text("Das Zeichen </s> steht hier. Und <pad> und >>en<< und <extra_id_0> auch.\n", encoding="utf-8")
    code, out, _ = run(capfd, path, *MODEL)
    assert code == 0
    assert len(out.split()) > 8
