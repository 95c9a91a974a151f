"""Summaries scored against reference summaries, beside the first sentences of each article.

`python -m newsmt.summarization.evaluation DIR` scores every folder in DIR that has article.de.txt and summary.en.txt
(the ending .txt may be missing): ROUGE with confidence intervals, and how many of the numbers and names of a summary
the article has. Where all have reference.en.txt, too, the same is done on that human translation, which shows the
summariser apart from the translation model. Needs the package rouge-score: pip install "newsmt[rouge]".
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from newsmt.document import BlockKind
from newsmt.errors import BackendUnavailableError, EvaluationError, NewsmtError
from newsmt.evaluation.pages import fill_table
from newsmt.summarization.article import Fitness, sentences_of_translation
from newsmt.summarization.english import split_english
from newsmt.summarization.faithfulness import Evidence
from newsmt.summarization.names import find_names
from newsmt.summarization.quantities import find_quantities
from newsmt.summarizer import Summarizer, load_summarizer
from newsmt.testing import EchoBackend
from newsmt.textfile import read_text, write_text
from newsmt.translation import Translation
from newsmt.translator import Translator

__all__ = ["Article", "Score", "SystemScores", "evaluate", "lead", "load_articles", "main", "render_table"]

METRICS = ("rouge1", "rouge2", "rougeLsum")
_RESAMPLES, _SEED = 1000, 12345
_HUMAN = "human"


@dataclass(frozen=True, slots=True)
class Article:
    """A German article with a reference summary and, if there is one, a human translation."""

    name: str
    source: str
    summary: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over articles in per cent, with its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SystemScores:
    """One way of summarising, on one translation of the articles.

    system: "lead-3", "extractive" or a model; translation: what translated, "human" for the reference translations.
    rouge: F-measures; gain: the difference to the lead on the same articles, None for the lead itself.
    numbers, names: how many of those in the summaries the articles have, and how many there are.
    words: mean length of a summary.
    articles: F-measure of each metric for each article, in per cent.
    """

    system: str
    translation: str
    rouge: Mapping[str, Score]
    gain: Mapping[str, Score] | None
    numbers: tuple[int, int]
    names: tuple[int, int]
    words: float
    articles: Mapping[str, Mapping[str, float]]


def load_articles(directory: Path) -> list[Article]:
    """The articles in the folders of a directory, by name.

    Raises EvaluationError when there is none, or a folder has an article without a summary.
    """
    if not directory.is_dir():
        raise EvaluationError(f"{directory}: no such folder; expected folders with article.de.txt and summary.en.txt")
    articles = [one for folder in sorted(directory.iterdir()) if folder.is_dir() and (one := _load_article(folder))]
    if not articles:
        raise EvaluationError(f"{directory} has no folder with article.de.txt and summary.en.txt")
    return articles


def lead(translation: Translation, sentences: int) -> list[str]:
    """The first sentences of an article's paragraphs: what a summariser of news must beat."""
    body = [
        one.text
        for one in sentences_of_translation(translation)
        if one.kind is BlockKind.PARAGRAPH and one.fitness <= Fitness.DEPENDENT
    ]
    return body[:sentences]


def evaluate(articles: Sequence[Article], summarizer: Summarizer, sentences: int = 3) -> list[SystemScores]:
    """Score the summariser and the lead on its translations, and on the human ones where every article has one."""
    translations = list(summarizer.translator.translate_documents([one.source for one in articles]))
    scores = _both(articles, translations, translations[0].model, summarizer, sentences)
    references = [one.reference for one in articles if one.reference]
    if len(references) == len(articles):
        passed_on = list(Translator(EchoBackend()).translate_documents(references))
        scores += _both(articles, passed_on, _HUMAN, summarizer, sentences)
    return scores


def _load_article(folder: Path) -> Article | None:
    files = {name: _find(folder, name) for name in ("article.de", "summary.en", "reference.en")}
    source, summary, reference = files["article.de"], files["summary.en"], files["reference.en"]
    if source is None:
        return None
    if summary is None:
        raise EvaluationError(f"{folder} has an article but no summary.en.txt: write one, or move the folder away")
    return Article(folder.name, read_text(source), read_text(summary), read_text(reference) if reference else None)


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / f"{name}.txt", folder / name) if path.is_file()), None)


def _both(
    articles: Sequence[Article],
    translations: Sequence[Translation],
    translation: str,
    summarizer: Summarizer,
    sentences: int,
) -> list[SystemScores]:
    first = [lead(one, sentences) for one in translations]
    base = _scored(articles, first, f"lead-{sentences}", translation, None)
    summaries = [summarizer.summarize_translation(one, sentences) for one in translations]
    texts = [[one.text for one in summary.sentences] for summary in summaries]
    return [base, _scored(articles, texts, summarizer.system.model, translation, base)]


def _scored(
    articles: Sequence[Article],
    summaries: Sequence[Sequence[str]],
    system: str,
    translation: str,
    base: SystemScores | None,
) -> SystemScores:
    score = _rouge_scorer()
    by_article = {one.name: score(one.summary, text) for one, text in zip(articles, summaries, strict=True)}
    found = [_precision(one, " ".join(text)) for one, text in zip(articles, summaries, strict=True)]
    gain = None
    if base is not None:
        gain = {
            metric: _mean([by_article[one.name][metric] - base.articles[one.name][metric] for one in articles])
            for metric in METRICS
        }
    return SystemScores(
        system=system,
        translation=translation,
        rouge={metric: _mean([one[metric] for one in by_article.values()]) for metric in METRICS},
        gain=gain,
        numbers=(sum(one[0] for one in found), sum(one[1] for one in found)),
        names=(sum(one[2] for one in found), sum(one[3] for one in found)),
        words=round(sum(len(" ".join(text).split()) for text in summaries) / len(articles), 1),
        articles=by_article,
    )


def _rouge_scorer() -> Callable[[str, Sequence[str]], dict[str, float]]:
    try:
        from rouge_score.rouge_scorer import RougeScorer  # type: ignore[import-untyped]
    except ImportError as error:
        raise BackendUnavailableError(
            f'scoring summaries needs the package rouge-score ({error}): pip install "newsmt[rouge]"'
        ) from error
    scorer = RougeScorer(list(METRICS), use_stemmer=True)

    def score(reference: str, summary: Sequence[str]) -> dict[str, float]:
        # rougeLsum takes one sentence per line.
        scores = scorer.score("\n".join(split_english(reference)), "\n".join(summary))
        return {metric: round(100 * scores[metric].fmeasure, 4) for metric in METRICS}

    return score


def _precision(article: Article, summary: str) -> tuple[int, int, int, int]:
    """Numbers of the summary that the article has, all its numbers, and the same of its names."""
    evidence = Evidence(article.source, article.reference or "")
    numbers = len(find_quantities(summary, "en"))
    names = {name.word for name in find_names(summary)}
    strange = set(evidence.unsupported_names(summary))
    return (
        numbers - len(evidence.unsupported_numbers(summary)),
        numbers,
        len(names - strange),
        len(names),
    )


def _mean(values: Sequence[float]) -> Score:
    import numpy as np

    data = np.array(values)
    drawn = np.random.default_rng(_SEED).integers(0, len(data), (_RESAMPLES, len(data)))
    low, high = np.percentile(data[drawn].mean(axis=1), [2.5, 97.5])
    return Score(round(float(data.mean()), 2), round(float(low), 2), round(float(high), 2))


def record(
    scores: Sequence[SystemScores], directory: Path, articles: Sequence[Article], summarizer: Summarizer, sentences: int
) -> dict[str, Any]:
    """What was measured, with everything needed to measure it again."""
    summariser, translator = summarizer.system, summarizer.translator.system
    return {
        "articles": [one.name for one in articles],
        "test_set": directory.resolve().name,
        "sentences": sentences,
        "metrics": f"rouge-score {version('rouge-score')}, F-measure in per cent, stemmed; 95 % intervals from "
        f"{_RESAMPLES} bootstrap resamples, seed {_SEED}",
        "summariser": asdict(summariser),
        "translator": asdict(translator),
        "scores": [asdict(one) for one in scores],
    }


def render_table(records: Sequence[Mapping[str, Any]]) -> str:
    """The scores of records as a Markdown table."""
    columns = (
        "articles, translation, summary, ROUGE-1, ROUGE-2, ROUGE-Lsum, ROUGE-1 against the lead, numbers, names, words"
    )
    lines = [f"| {' | '.join(columns.split(', '))} |", "|---|---|---|--:|--:|--:|--:|--:|--:|--:|"]
    seen = set()
    for one in records:
        for row in one["scores"]:
            key = (one["test_set"], one["sentences"], row["translation"], row["system"])
            if key not in seen:
                seen.add(key)
                lines.append(_table_row(one, row))
    return "\n".join(lines) + "\n"


def _table_row(one: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    rouge = [
        f"{row['rouge'][m]['mean']:.1f} ({row['rouge'][m]['low']:.1f}–{row['rouge'][m]['high']:.1f})" for m in METRICS
    ]
    gain = row["gain"]["rouge1"] if row["gain"] else None
    shown = f"{gain['mean']:+.1f} ({gain['low']:+.1f} to {gain['high']:+.1f})" if gain else ""
    shares = [f"{found} of {total}" for found, total in (row["numbers"], row["names"])]
    articles = f"{one['test_set']} ({len(one['articles'])})"
    cells = [articles, row["translation"], row["system"], *rouge, shown, *shares, f"{row['words']:.0f}"]
    return f"| {' | '.join(cells)} |"


def main(argv: Sequence[str] | None = None) -> int:
    """Score, print the table, write the record."""
    parser = argparse.ArgumentParser(prog="python -m newsmt.summarization.evaluation", description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--model", default="extractive", help="the summariser, see newsmt summarize")
    parser.add_argument("--translation-model", default="auto", help="see newsmt translate")
    parser.add_argument("--sentences", type=int, default=3)
    parser.add_argument("--output", type=Path, metavar="DIR", help="write DIR/TEST_SET/SUMMARISER--TRANSLATOR.json")
    parser.add_argument("--page", type=Path, metavar="FILE", help="put the table of all records of --output there")
    arguments = parser.parse_args(argv)
    try:
        return _run(arguments)
    except NewsmtError as error:
        print(f"newsmt: {error}", file=sys.stderr)
        return error.exit_code


def _run(arguments: argparse.Namespace) -> int:
    articles = load_articles(arguments.directory)
    summarizer = load_summarizer(arguments.model, translation_model=arguments.translation_model)
    scores = evaluate(articles, summarizer, arguments.sentences)
    measured = record(scores, arguments.directory, articles, summarizer, arguments.sentences)
    print(render_table([measured]), end="")
    if arguments.output:
        folder = arguments.output / measured["test_set"]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{summarizer.system.model}--{summarizer.translator.system.model}"
        write_text(folder / f"{name}.json", json.dumps(measured, ensure_ascii=False, indent=1) + "\n")
    if arguments.output and arguments.page:
        table = render_table(read_records(arguments.output))
        write_text(arguments.page, fill_table(read_text(arguments.page), table, name="summaries"))
    return 0


def read_records(directory: Path) -> list[dict[str, Any]]:
    """The records below a directory, by path."""
    return [json.loads(read_text(path)) for path in sorted(directory.glob("*/*.json"))]


if __name__ == "__main__":
    sys.exit(main())
