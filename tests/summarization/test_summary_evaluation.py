"""Summary scores: ROUGE as rouge-score gives it, beside the lead; the record in the repository is what is measured."""

import json
from pathlib import Path

import pytest
from seed_articles import NAMES, SEEDS, human_translator

from newsmt.errors import EvaluationError
from newsmt.evaluation.pages import fill_table
from newsmt.summarization.evaluation import evaluate, lead, load_articles, main, read_records, render_table
from newsmt.summarizer import Summarizer
from newsmt.testing import EchoBackend
from newsmt.translator import Translator

ROOT = Path(__file__).resolve().parents[2]
RECORDS = ROOT / "eval" / "results" / "summaries"


@pytest.fixture(scope="module")
def scores():
    return evaluate(load_articles(SEEDS), Summarizer(human_translator(*NAMES)))


def test_the_bundled_summariser_is_no_worse_than_the_lead(scores):
    base, extractive, human_base, human = scores
    assert [one.system for one in scores] == ["lead-3", "extractive"] * 2
    assert [one.translation for one in scores] == ["scripted"] * 2 + ["human"] * 2
    for better, worse in ((extractive, base), (human, human_base)):
        assert better.gain is not None
        for metric, score in better.rouge.items():
            assert score.mean >= worse.rouge[metric].mean
            assert score.low <= score.mean <= score.high
            assert better.gain[metric].mean == pytest.approx(score.mean - worse.rouge[metric].mean, abs=0.011)
    assert human_base.gain is None


def test_sentences_of_the_article_invent_nothing(scores):
    for one in scores:
        assert one.numbers[0] == one.numbers[1] > 0
        assert one.names[0] == one.names[1] > 0


def test_rouge_is_that_of_rouge_score(scores):
    from rouge_score.rouge_scorer import RougeScorer

    article = next(one for one in load_articles(SEEDS) if one.name == "harbour-strike")
    translation = Translator(EchoBackend()).translate(article.reference)
    expected = RougeScorer(["rouge1", "rouge2"], use_stemmer=True).score(
        article.summary, " ".join(lead(translation, 3))
    )
    found = scores[2].articles["harbour-strike"]
    assert found["rouge1"] == pytest.approx(100 * expected["rouge1"].fmeasure, abs=1e-3)
    assert found["rouge2"] == pytest.approx(100 * expected["rouge2"].fmeasure, abs=1e-3)


def test_the_lead_is_what_the_paragraphs_begin_with():
    translation = human_translator("harbour-strike").translate(
        (SEEDS / "harbour-strike" / "article.de.txt").read_text()
    )
    assert [one.split()[:3] for one in lead(translation, 2)] == [["The", "cranes", "at"], ["According", "to", "the"]]


def test_a_directory_without_summaries(tmp_path):
    with pytest.raises(EvaluationError, match="no folder with"):
        load_articles(tmp_path)
    with pytest.raises(EvaluationError, match="no such folder"):
        load_articles(tmp_path / "missing")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "article.de").write_text("Ein Satz.")
    with pytest.raises(EvaluationError, match="no summary"):
        load_articles(tmp_path)
    (tmp_path / "one" / "summary.en").write_text("A sentence.")
    assert [one.name for one in load_articles(tmp_path)] == ["one"]


def test_the_command_writes_record_and_table(tmp_path, capsys):
    articles = tmp_path / "news"
    for name in NAMES[:2]:
        (articles / name).mkdir(parents=True)
        for file in ("article.de.txt", "summary.en.txt"):
            (articles / name / file).write_bytes((SEEDS / name / file).read_bytes())
    page = tmp_path / "page.md"
    page.write_text("Before\n<!-- table: summaries -->\nold\n<!-- /table -->\nAfter\n")
    options = ["--translation-model", "newsmt-mini-de-en", "--output", str(tmp_path / "out"), "--page", str(page)]
    assert main([str(articles), *options]) == 0
    table = capsys.readouterr().out
    assert "| news (2) | newsmt-mini-de-en | extractive |" in table
    assert page.read_text() == f"Before\n<!-- table: summaries -->\n{table}<!-- /table -->\nAfter\n"
    measured = json.loads((tmp_path / "out" / "news" / "extractive--newsmt-mini-de-en.json").read_text())
    assert measured["translator"]["fingerprint"]
    assert "rouge-score" in measured["metrics"]
    assert main([str(tmp_path / "missing")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_the_table_in_the_docs_is_that_of_the_records():
    page = (ROOT / "docs" / "summarization.md").read_text(encoding="utf-8")
    assert fill_table(page, render_table(read_records(RECORDS)), name="summaries") == page
