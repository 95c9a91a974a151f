"""README.md and the tables of docs/ say what is recorded and what runs."""

import importlib.util
import re
from pathlib import Path

import newsmt

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def script_of(*path: str):
    spec = importlib.util.spec_from_file_location(path[-1].removesuffix(".py"), ROOT.joinpath("eval", *path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_sizes_is_the_recorded_one_and_within_the_limit():
    script = script_of("size", "installed_size.py")
    record = script.load_record()
    assert script.with_table(README) == README
    assert record["megabytes"]["newsmt"]["total"] <= script.LIMIT_MB


def test_the_tables_of_speed_are_the_recorded_ones():
    script = script_of("speed", "page.py")
    page = script.PAGE.read_text(encoding="utf-8")
    assert page.count("| newsmt-mini-de-en |") >= 2
    assert script.with_tables(page) == page


def test_the_python_examples_run(monkeypatch, capsys):
    bundled = newsmt.load_translator("newsmt-mini-de-en")
    monkeypatch.setattr(newsmt, "translate", lambda text: bundled.translate(text).text)
    monkeypatch.setattr(newsmt, "summarize", lambda text: bundled.translate(text).text[:80])
    names = {"german": "Der Streik ist vorbei."}
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, names)
    assert names["english"]
    assert len(names["translation"].segments) == 1
    assert capsys.readouterr().out.count("\n") == 2


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_first_command_names_a_seed_that_is_there():
    (seed,) = set(re.findall(r"seeds/\S+\.de\.txt", README))
    assert (ROOT / seed).is_file()
