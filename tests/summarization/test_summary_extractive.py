"""The ranking of sentences: deterministic, without repetition, better than the first sentences of an article."""

import pytest
from seed_articles import NAMES, human_translation

from newsmt.document import BlockKind
from newsmt.summarization.article import ArticleSentence, Fitness, sentences_of_translation
from newsmt.summarization.extractive import Ranking


def article(*texts, fitness=Fitness.SELF_CONTAINED):
    return [ArticleSentence(i, BlockKind.PARAGRAPH, text, text, fitness) for i, text in enumerate(texts)]


HARBOUR = (
    "Dock workers have shut down the harbour of the city with a strike for higher wages.",
    "The strike of the dock workers at the harbour began on Thursday morning at six.",
    "Dock workers have shut down the harbour of the city with a strike for higher wages.",
    "In the canteen there was pea soup with sausages and bread.",
    "The union of the dock workers wants higher wages and threatens a longer strike.",
)


def test_the_same_sentence_is_not_taken_twice():
    chosen = Ranking(article(*HARBOUR)).choose(3)
    assert len({HARBOUR[i] for i in chosen}) == 3
    assert chosen == sorted(chosen)


def test_what_all_others_share_is_worth_most():
    assert 3 not in Ranking(article(*HARBOUR)).choose(2)
    assert Ranking(article(*HARBOUR)).choose(1) == [0]


def test_less_fit_sentences_only_fill_up():
    sentences = article(*HARBOUR)
    sentences[0] = ArticleSentence(0, BlockKind.HEADLINE, HARBOUR[0], HARBOUR[0], Fitness.FURNITURE)
    sentences[1] = ArticleSentence(1, BlockKind.LIST_ITEM, HARBOUR[1], HARBOUR[1], Fitness.DEPENDENT)
    ranking = Ranking(sentences)
    assert ranking.choose(3) == [2, 3, 4]
    assert ranking.choose(4) == [1, 2, 3, 4]
    assert ranking.choose(9) == [0, 1, 2, 3, 4]


def test_wordless_sentences_are_never_taken():
    assert Ranking(article("1 2 3", "4 5 6", fitness=Fitness.WORDLESS)).choose(2) == []
    assert Ranking([]).choose(3) == []


def test_a_choice_can_be_limited_and_led():
    ranking = Ranking(article(*HARBOUR))
    assert ranking.choose(1, among=[3]) == [3]
    assert ranking.choose(5, excluded=[0, 1, 2]) == [3, 4]
    assert ranking.choose(1, among=[3, 4]) == [4]
    assert ranking.choose(1, among=[3, 4], like="There was pea soup in the canteen.") == [3]
    assert ranking.choose(1, beside=[HARBOUR[0]]) != [0]


@pytest.mark.parametrize("name", NAMES)
def test_a_ranking_is_the_same_every_time(name):
    sentences = sentences_of_translation(human_translation(name))
    first = Ranking(sentences).choose(3)
    assert Ranking(sentences).choose(3) == first
    assert len(first) == 3
    assert all(sentences[i].fitness is Fitness.SELF_CONTAINED for i in first)


def test_a_book_takes_time_in_proportion():
    """200,000 words: a matrix of all pairs would be 144 million similarities."""
    sentences = article(
        *(f"Chapter {i % 90} tells of town {i % 400} and of river {i % 77} at night." for i in range(12000))
    )
    assert len(Ranking(sentences).choose(5)) == 5
