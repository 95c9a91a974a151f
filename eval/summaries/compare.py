"""Compares newsmt's extractive summaries with the lead, with the methods of sumy, and with other weights of its own.

    pip install -r eval/summaries/requirements.txt
    python eval/summaries/compare.py [DIR] [--page docs/summarization.md]

DIR (default: seeds) has folders with reference.en.txt, an article in English, and summary.en.txt. All methods get the
same sentences. "Weights by leave-one-out": for each article, the weights that are best on all others; what they give is
what fitting the weights would bring on unseen articles.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rouge_score.rouge_scorer import RougeScorer

from newsmt.document import BlockKind
from newsmt.evaluation.pages import fill_table
from newsmt.summarization.article import ArticleSentence, Fitness, sentences_of_translation
from newsmt.summarization.english import split_english
from newsmt.summarization.evaluation import Article, load_articles
from newsmt.summarization.extractive import Ranking, Weights
from newsmt.summarization.words import WORD
from newsmt.testing import EchoBackend
from newsmt.textfile import read_text, write_text
from newsmt.translator import Translator

SENTENCES = 3
METRICS = ("rouge1", "rouge2", "rougeLsum")
GRID = [
    Weights(position=position, halved_at=halved_at, length=length, reference=lesser, quotation=lesser)
    for position, halved_at, length, lesser in itertools.product(
        (0.5, 1.0, 1.5, 2.0), (2.0, 4.0, 8.0), (0.0, 0.3, 0.6), (0.0, 0.3)
    )
]
Choose = Callable[[Sequence[ArticleSentence]], list[str]]
Scores = Mapping[str, tuple[float, ...]]


@dataclass(frozen=True)
class Row:
    """A method with its scores per article and the mean length of its summaries in words."""

    method: str
    scores: Scores
    words: float


def main() -> int:
    """Measure and print, and put the table into a page if one is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path, nargs="?", default=Path("seeds"))
    parser.add_argument("--page", type=Path)
    arguments = parser.parse_args()
    articles = [one for one in load_articles(arguments.directory) if one.reference]
    table = render(rows(articles))
    print(table, end="")
    if arguments.page:
        write_text(arguments.page, fill_table(read_text(arguments.page), table, name="methods"))
    return 0


def rows(articles: Sequence[Article]) -> list[Row]:
    """Every method on every article."""
    sentences = {
        one.name: sentences_of_translation(Translator(EchoBackend()).translate(one.reference or "")) for one in articles
    }
    measure = Measure(articles, sentences)
    leads = [measure.row(f"the first {count} sentences", lead_of(count)) for count in (SENTENCES, SENTENCES + 1)]
    own = measure.row("newsmt", lambda one: extract(one, Weights()))
    return [*leads, *sumy_rows(measure), own, *weights_rows(measure)]


class Measure:
    """Scores of methods, each distinct summary scored once."""

    def __init__(self, articles: Sequence[Article], sentences: Mapping[str, Sequence[ArticleSentence]]) -> None:
        self.sentences = sentences
        self._references = {one.name: "\n".join(split_english(one.summary)) for one in articles}
        self._scorer = RougeScorer(list(METRICS), use_stemmer=True)
        self._known: dict[tuple[str, str], tuple[float, ...]] = {}

    def row(self, method: str, choose: Choose) -> Row:
        """A method on all articles."""
        chosen = {name: choose(sentences) for name, sentences in self.sentences.items()}
        words = sum(len(" ".join(texts).split()) for texts in chosen.values()) / len(chosen)
        return Row(method, {name: self._score(name, "\n".join(texts)) for name, texts in chosen.items()}, words)

    def _score(self, name: str, summary: str) -> tuple[float, ...]:
        if (name, summary) not in self._known:
            scores = self._scorer.score(self._references[name], summary)
            self._known[name, summary] = tuple(100 * scores[metric].fmeasure for metric in METRICS)
        return self._known[name, summary]


def extract(sentences: Sequence[ArticleSentence], weights: Weights) -> list[str]:
    """The own choice of newsmt."""
    return [sentences[index].text for index in Ranking(sentences, weights).choose(SENTENCES)]


def body(sentences: Sequence[ArticleSentence]) -> list[str]:
    """The sentences of the paragraphs, without headlines, captions and bare numbers."""
    return [one.text for one in sentences if one.kind is BlockKind.PARAGRAPH and one.fitness <= Fitness.DEPENDENT]


def lead_of(count: int) -> Choose:
    """The first sentences of the paragraphs."""
    return lambda sentences: body(sentences)[:count]


def sumy_rows(measure: Measure) -> list[Row]:
    """The methods of sumy, none if it is not installed."""
    try:
        from sumy.models.dom import ObjectDocumentModel, Paragraph, Sentence
        from sumy.nlp.stemmers import Stemmer
        from sumy.summarizers.lex_rank import LexRankSummarizer
        from sumy.summarizers.lsa import LsaSummarizer
        from sumy.summarizers.luhn import LuhnSummarizer
        from sumy.summarizers.sum_basic import SumBasicSummarizer
        from sumy.summarizers.text_rank import TextRankSummarizer
        from sumy.utils import get_stop_words
    except ImportError:
        print("sumy is not installed: pip install -r eval/summaries/requirements.txt", file=sys.stderr)
        return []

    class Words:
        def to_words(self, text: str) -> tuple[str, ...]:
            return tuple(WORD.findall(text))

    def chooser(method: type) -> Choose:
        summarizer = method(Stemmer("english"))
        summarizer.stop_words = get_stop_words("english")

        def choose(sentences: Sequence[ArticleSentence]) -> list[str]:
            document = ObjectDocumentModel([Paragraph([Sentence(text, Words()) for text in body(sentences)])])
            return [str(one) for one in summarizer(document, SENTENCES)]

        return choose

    methods = (LexRankSummarizer, TextRankSummarizer, LsaSummarizer, LuhnSummarizer, SumBasicSummarizer)
    return [measure.row(f"sumy {method.__name__.removesuffix('Summarizer')}", chooser(method)) for method in methods]


def weights_rows(measure: Measure) -> list[Row]:
    """What other weights give: the worst and the best of the grid, and the best by leave-one-out."""
    tried = [measure.row("", lambda one, weights=weights: extract(one, weights)) for weights in GRID]
    by_total = sorted(tried, key=lambda row: total(row.scores))
    worst, middle, best = by_total[0], by_total[len(by_total) // 2], by_total[-1]
    left_out = {}
    words = 0.0
    for name in measure.sentences:
        others = max(tried, key=lambda row: total({key: one for key, one in row.scores.items() if key != name}))
        left_out[name] = others.scores[name]
        words += others.words / len(measure.sentences)
    return [
        Row(f"newsmt, worst of {len(GRID)} weights", worst.scores, worst.words),
        Row(f"newsmt, median of {len(GRID)} weights", middle.scores, middle.words),
        Row(f"newsmt, best of {len(GRID)} weights", best.scores, best.words),
        Row("newsmt, weights by leave-one-out", left_out, words),
    ]


def total(scores: Scores) -> float:
    """The sum of all metrics over all articles."""
    return sum(sum(one) for one in scores.values())


def render(measured: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| summary | ROUGE-1 | ROUGE-2 | ROUGE-Lsum | words |", "|---|--:|--:|--:|--:|"]
    for row in measured:
        means = [sum(column) / len(row.scores) for column in zip(*row.scores.values(), strict=True)]
        lines.append(f"| {row.method} | {' | '.join(f'{mean:.1f}' for mean in means)} | {row.words:.0f} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
