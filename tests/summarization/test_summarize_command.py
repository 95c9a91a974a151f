"""`newsmt summarize`, run as users run it, with the bundled translation model."""

import io
import json
import subprocess
import sys

import pytest
from seed_articles import SEEDS

from newsmt.cli import main

ARTICLE = SEEDS / "coalition-talks" / "article.de.txt"
MODELS = ["--model", "extractive", "--translation-model", "newsmt-mini-de-en"]


def run(capfd, *arguments):
    code = main(["summarize", *map(str, arguments)])
    out, err = capfd.readouterr()
    return code, out, err


def test_file_to_stdout(capfd):
    code, out, err = run(capfd, ARTICLE, *MODELS)
    assert code == 0
    assert out.count("\n") == 1
    assert 20 < len(out.split()) < 150
    assert "3 sentences taken from the translation, translated by newsmt-mini-de-en, 100% of the article read" in err


def test_what_was_used_is_said_once(capfd, monkeypatch):
    monkeypatch.setattr("newsmt.summarizer._decided", {})
    code, _, err = run(capfd, ARTICLE, "--translation-model", "newsmt-mini-de-en")
    assert code == 0
    assert err.count("no summarisation model on this machine") == 1
    code, _, err = run(capfd, ARTICLE, *MODELS, "--quiet")
    assert (code, err) == (0, "")


def test_json_to_file(capfd, tmp_path):
    output = tmp_path / "summary.json"
    code, out, _ = run(capfd, ARTICLE, *MODELS, "--sentences", "2", "--format", "json", "-o", output)
    assert (code, out) == (0, "")
    data = json.loads(output.read_text(encoding="utf-8"))
    assert len(data["sentences"]) == 2
    assert (data["method"], data["model"], data["order"]) == ("extractive", "extractive", "translate-first")
    assert data["translation_model"] == "newsmt-mini-de-en"
    sources = {block["index"]: block["source"] for block in data["blocks"]}
    assert all(one["source"] in sources[one["blocks"][0]] for one in data["sentences"])


def test_stdin_and_an_empty_text(capfd, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b" \n")))
    code, out, err = run(capfd, "-", *MODELS)
    assert (code, out) == (0, "")
    assert "0 sentences, the whole article" in err


def test_a_model_by_directory(capfd, tiny_mt5):
    code, out, err = run(
        capfd, ARTICLE, "--model", tiny_mt5, "--translation-model", "newsmt-mini-de-en", "--beam-size", "1"
    )
    assert code == 0
    assert out.strip()
    assert "3 sentences taken from the translation" in err  # random weights write nothing that is let through
    assert "more warnings; --format json has them all" in err or "newsmt: unrelated" in err


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--sentences", "0"], 2, "sentences=0 is not allowed"),
        (["--model", "mt5-xlsumm"], 1, "did you mean mt5-xlsum"),
        (["--model", "newsmt-mini-de-en"], 2, "is a translation model"),
        (["--model", "mt5-xlsum", "--revision", "main"], 1, "newsmt models fetch"),
        (["--model", "extractive", "--order", "summarize-first"], 2, "needs a model that reads German"),
        (["-o", "/nowhere/summary.txt"], 1, "no such folder"),
    ],
)
def test_errors_are_one_line(capfd, arguments, code, message):
    result, out, err = run(capfd, ARTICLE, "--translation-model", "newsmt-mini-de-en", *arguments)
    assert (result, out) == (code, "")
    assert message in err
    assert "Traceback" not in err


def test_a_missing_file_is_said_before_a_model_is_loaded():
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "newsmt", "summarize", "missing.txt"], capture_output=True, text=True
    )
    assert process.returncode == 1
    assert "newsmt: missing.txt: no such file" in process.stderr
    assert "ctranslate2" not in process.stderr
