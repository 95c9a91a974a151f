"""The seeds: articles, translations and summaries that fit each other, and what is derived from them."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from newsmt.evaluation.testset import load_test_set
from newsmt.numbers import missing_numbers

REPOSITORY = Path(__file__).resolve().parents[1]
SCRIPT = REPOSITORY / "eval" / "testsets" / "build_seeds.py"
MONTHS = "January February March April May June July August September October November December".split()


def _load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_seeds", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["build_seeds"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


build_seeds = _load_script()
SEEDS = build_seeds.load_seeds()
each_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)


# A number quoted for its spelling stays as it is: the comma is what the article is about.
SPELLING = re.compile("„2,5“|“2,5”")


def german_numbers(text: str) -> Counter[str]:
    """The numbers as an English text would write them."""
    text = SPELLING.sub("", text)
    text = re.sub(r"\b(\d{1,2})\.(\d{1,2})\.(\d{4})\b", lambda d: f"{d[1]} {MONTHS[int(d[2]) - 1]} {d[3]}", text)
    text = re.sub(r"(?<=\d)[.\u00a0\u202f](?=\d{3}\b)", "", text)
    text = re.sub(r"(\d{1,2})(\.\d\d)?(?= Uhr| und \d+ Uhr)", lambda t: f"{(int(t[1]) - 1) % 12 + 1}{t[2] or ''}", text)
    text = re.sub(r"(?<=\d),(?=\d)", ".", text)
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def english_numbers(text: str) -> Counter[str]:
    text = SPELLING.sub("", text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    return Counter(re.findall(r"\d+(?:\.\d+)?", text))


def sentences(text: str) -> list[str]:
    return re.findall(r"\S.*?(?<!\b1)[.?!](?=\s+[A-Z“]|\s*$)", text.strip())


def test_there_are_seeds_of_many_kinds() -> None:
    wanted = {"politics", "economy", "sport", "science", "accident", "court", "culture", "weather", "obituary"}
    wanted |= {"interview", "agency brief", "local", "health", "technology"}
    assert wanted <= {seed.kind for seed in SEEDS}


def test_articles_have_the_length_of_news() -> None:
    assert {seed.name: seed.words for seed in SEEDS if not 150 <= seed.words <= 700} == {}
    assert 300 <= sum(seed.words for seed in SEEDS) / len(SEEDS) <= 380


@each_seed
@pytest.mark.parametrize("part", ["article", "reference", "summary"])
def test_a_file_is_clean_text(seed: build_seeds.Seed, part: str) -> None:
    text = getattr(seed, part)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert "\r" not in text
    assert "\t" not in text
    assert "\ufeff" not in text
    assert [line for line in text.split("\n") if line != line.strip()] == []
    assert "\n\n\n" not in text


@each_seed
def test_lines_and_blank_lines_pair_up(seed: build_seeds.Seed) -> None:
    unit = "\n\n" if seed.hard_wrapped else "\n"
    article, reference = seed.article.split(unit), seed.reference.split(unit)
    assert [bool(part) for part in article] == [bool(part) for part in reference]


@each_seed
def test_list_markers_pair_up(seed: build_seeds.Seed) -> None:
    marker = re.compile(r"(?:- |\d+\. |Okonski: |Foto: |Photo: )?")
    pairs = [(marker.match(source)[0], marker.match(target)[0]) for source, target in seed.blocks()]
    assert [pair for pair in pairs if pair[0].replace("Foto", "Photo") != pair[1]] == []


@each_seed
def test_each_block_has_the_numbers_of_its_source(seed: build_seeds.Seed) -> None:
    differing = [
        (source, german_numbers(source) - english_numbers(target), english_numbers(target) - german_numbers(source))
        for source, target in seed.blocks()
        if german_numbers(source) != english_numbers(target)
    ]
    assert differing == []


@each_seed
def test_the_library_finds_no_number_missing_in_a_human_translation(seed: build_seeds.Seed) -> None:
    assert [missing for source, target in seed.blocks() if (missing := missing_numbers(source, target))] == []


@each_seed
def test_each_quotation_is_translated_as_one(seed: build_seeds.Seed) -> None:
    kinds = [("„»", "“"), ("‚", "‘")]
    for german, english in kinds:
        count = [
            (source, target)
            for source, target in seed.blocks()
            if sum(source.count(sign) for sign in german) != target.count(english)
        ]
        assert count == []


@each_seed
def test_quotation_marks_are_closed(seed: build_seeds.Seed) -> None:
    for source, target in seed.blocks():
        assert source.count("„") == source.count("“"), source
        assert source.count("»") == source.count("«"), source
        assert source.count("‚") == source.count("‘"), source
        assert target.count("“") == target.count("”"), target
        assert not set("\"'") & set(source + target)


@each_seed
def test_a_translation_is_about_as_long_as_its_source(seed: build_seeds.Seed) -> None:
    odd = [(source, target) for source, target in seed.blocks() if not 0.6 < len(target) / len(source) < 1.5]
    assert [pair for pair in odd if len(pair[0]) > 40] == []


@each_seed
def test_lines_of_hard_wrapped_articles_are_full(seed: build_seeds.Seed) -> None:
    longest = [max(map(len, text.split("\n"))) for text in (seed.article, seed.reference)]
    if seed.hard_wrapped:
        assert all(60 <= length <= 70 for length in longest)
        assert re.search(r"^[A-Z]+ \([a-z]+\) - ", seed.article, re.MULTILINE)
    else:
        assert min(longest) > 200  # a paragraph is one line


@each_seed
def test_a_summary_is_short_and_says_only_what_the_article_says(seed: build_seeds.Seed) -> None:
    assert seed.summary.count("\n") == 1
    assert len(seed.summary.split()) <= 80
    assert 2 <= len(sentences(seed.summary)) <= 4
    assert set(english_numbers(seed.summary)) <= set(english_numbers(seed.reference))
    capitalised = re.findall(r"(?<![.?!] )(?<!^)\b[A-Z][\w-]+", seed.summary)
    assert [word for word in capitalised if word not in seed.reference] == []


@each_seed
def test_a_summary_is_not_copied(seed: build_seeds.Seed) -> None:
    assert [sentence for sentence in sentences(seed.summary) if sentence in seed.reference] == []


def test_the_seeds_hold_what_german_news_holds() -> None:
    text = "\n".join(seed.article for seed in SEEDS)
    patterns = {
        "nested quotation": r"„[^“]*‚[^‘]*‘[^“]*“",
        "several sentences in one quotation": r"„[^“„]*\. [^“„]*\. [^“„]*“",
        "author's clause after a quotation": r"“, (?:sagte?|warnte)",
        "thousands point": r"\b\d{1,3}\.\d{3}\b",
        "decimal comma": r"\b\d+,\d+ Prozent",
        "no-break spaces in a number": "\\d\u00a0\\d{3}",
        "million": r"\d Mio\. Euro",
        "milliard": r"\d,\d Mrd\. Euro",
        "time of day": r"\d\d\.\d\d Uhr",
        "date in figures": r"\b\d{1,2}\.\d{1,2}\.\d{4}\b",
        "ordinal": r"\b\d{1,2}\. (?:Mai|Oktober|Dezember|Spieltag)",
        "abbreviation": r"\b(?:z\.\s?B\.|u\. a\.|d\. h\.)",
        "kicker in capitals": r"(?m)^[A-ZÄÖÜ]{5,}$",
        "headline without a full stop": r"(?m)^[^\n.?!]{20,80}$",
        "byline": r"(?m)^Von \w+ \w+",
        "caption": r"Foto: ",
        "bullet": r"(?m)^- ",
        "numbered list": r"(?m)^1\. [A-Z].*\n2\. ",
        "result": r"\d:\d \(\d:\d\)",
        "URL": r"https://\S+",
        "e-mail address": r"\S+@\S+",
        "other quotation marks": r"»[^«]+«",
    }
    assert [name for name, pattern in patterns.items() if not re.search(pattern, text)] == []


def test_table_and_test_set_are_up_to_date() -> None:
    stale = [path for path, text in build_seeds.derived_files(SEEDS).items() if path.read_bytes().decode() != text]
    assert stale == [], "run python eval/testsets/build_seeds.py"


def test_the_script_finds_nothing_to_do() -> None:
    run = subprocess.run([sys.executable, SCRIPT, "--check"], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_test_set_loads_with_a_document_for_each_seed() -> None:
    test_set = load_test_set(REPOSITORY / "eval" / "testsets" / "seeds")
    assert len(test_set) == sum(len(seed.blocks()) for seed in SEEDS)
    assert list(test_set.documents()) == [seed.name for seed in SEEDS]
    assert len(test_set.references) == 1


def test_unequal_blocks_are_an_error_that_names_the_seed() -> None:
    seed = build_seeds.Seed(name="half", kind="local", article="Eins\n\nZwei\n", reference="One\n", summary="")
    with pytest.raises(build_seeds.SeedError, match=r"half: 2 blocks in article.de.txt, 1 in reference.en.txt"):
        seed.blocks()


def test_a_folder_without_a_kind_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "kinds.json").write_text("{}", encoding="utf-8")
    (tmp_path / "new-seed").mkdir()
    with pytest.raises(build_seeds.SeedError, match="new-seed"):
        build_seeds.load_seeds(tmp_path)
