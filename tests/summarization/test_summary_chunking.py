"""Chunks: nothing is left out, everything fits, the headline is in each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmt.document import BlockKind
from newsmt.errors import SegmentTooLongError
from newsmt.summarization.article import ArticleSentence, Fitness
from newsmt.summarization.chunking import plan_chunks
from newsmt.testing import EchoBackend

count_tokens = EchoBackend().count_tokens


def sentence(block, words, kind=BlockKind.PARAGRAPH):
    text = " ".join(f"b{block}w{n}" for n in range(words))
    return ArticleSentence(block, kind, text, text, Fitness.SELF_CONTAINED)


HEADLINE = ArticleSentence(0, BlockKind.HEADLINE, "Hafen", "Harbour shut", Fitness.FURNITURE)


@given(
    st.lists(st.tuples(st.integers(1, 6), st.integers(1, 70)), min_size=1, max_size=40),
    st.integers(12, 60),
    st.booleans(),
)
def test_nothing_is_left_out_and_everything_fits(shape, limit, with_headline):
    block = 1
    article = [HEADLINE] if with_headline else []
    for step, words in shape:
        block += step > 3
        article.append(sentence(block, words))
    chunks = plan_chunks(article, "Harbour shut" if with_headline else "", limit, count_tokens)
    assert max(count_tokens([chunk.text for chunk in chunks])) <= limit
    body = [one for one in article if one.kind is BlockKind.PARAGRAPH]
    assert " ".join(chunk.body for chunk in chunks).split() == " ".join(one.text for one in body).split()
    assert {i for chunk in chunks for i in (*chunk.headline, *chunk.sentences)} == set(range(len(article)))
    assert all(chunk.text.startswith("Harbour shut. ") for chunk in chunks if with_headline)


def test_chunks_end_with_blocks_and_are_of_like_length():
    article = [sentence(block, 10) for block in (1, 1, 2, 2, 3, 3, 4)]
    chunks = plan_chunks(article, "", 55, count_tokens)
    assert [chunk.sentences for chunk in chunks] == [(0, 1, 2, 3), (4, 5, 6)]


def test_a_block_that_is_too_long_is_parted_between_sentences():
    article = [sentence(1, 10) for _ in range(6)]
    chunks = plan_chunks(article, "", 25, count_tokens)
    assert [chunk.sentences for chunk in chunks] == [(0, 1), (2, 3), (4, 5)]


def test_a_headline_that_would_fill_the_model_is_read_once():
    headline = " ".join(f"word{n}" for n in range(20))
    head = ArticleSentence(0, BlockKind.HEADLINE, headline, headline, Fitness.FURNITURE)
    chunks = plan_chunks([head, sentence(1, 30)], headline, 40, count_tokens)
    assert " ".join(chunk.text for chunk in chunks).count("word19") == 1


def test_a_model_that_can_read_nothing_is_an_error():
    def per_character(texts):
        return [3 * len(text) for text in texts]

    with pytest.raises(SegmentTooLongError):
        plan_chunks([sentence(1, 3)], "", 2, per_character)
