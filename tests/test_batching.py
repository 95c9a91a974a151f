from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from newsmt.batching import plan_batches, plan_decoding
from newsmt.options import DecodingOptions

lengths_of_segments = st.lists(st.integers(0, 600), max_size=200)
budgets = st.integers(1, 5000)


@given(lengths_of_segments, budgets)
def test_every_index_is_planned_once(lengths: list[int], budget: int) -> None:
    planned = [index for batch in plan_batches(lengths, budget) for index in batch]

    assert sorted(planned) == list(range(len(lengths)))


@given(lengths_of_segments, budgets)
def test_batches_go_from_the_longest_segment_to_the_shortest(lengths: list[int], budget: int) -> None:
    planned = [lengths[index] for batch in plan_batches(lengths, budget) for index in batch]

    assert planned == sorted(lengths, reverse=True)


@given(lengths_of_segments, budgets)
def test_a_padded_batch_keeps_to_the_budget_unless_it_is_one_segment(lengths: list[int], budget: int) -> None:
    for batch in plan_batches(lengths, budget):
        assert batch
        assert len(batch) == 1 or max(lengths[index] for index in batch) * len(batch) <= budget


@given(lengths_of_segments, budgets)
def test_no_batch_could_take_the_first_segment_of_the_next(lengths: list[int], budget: int) -> None:
    batches = plan_batches(lengths, budget)

    for batch, _ in itertools.pairwise(batches):
        assert max(1, lengths[batch[0]]) * (len(batch) + 1) > budget


def test_an_example() -> None:
    assert plan_batches([3, 10, 3, 9, 2], max_tokens=12) == [[1], [3], [0, 2, 4]]
    assert plan_batches([], max_tokens=12) == []
    assert plan_batches([500], max_tokens=12) == [[0]]


def test_segments_of_equal_length_keep_their_order() -> None:
    assert plan_batches([5, 5, 5, 5], max_tokens=10) == [[0, 1], [2, 3]]


@given(lengths_of_segments, st.integers(1, 2000), st.integers(1, 16))
def test_decoding_plans_hold_every_segment_of_any_length_once_with_the_limit_of_its_own_length(
    lengths: list[int], batch_tokens: int, workers: int
) -> None:
    options = DecodingOptions(batch_tokens=batch_tokens)
    batches = plan_decoding(lengths, options, max_target_tokens=512, workers=workers)
    alone = {
        index: plan_decoding([length], options, max_target_tokens=512)[0].target_limit
        for index, length in enumerate(lengths)
        if length
    }

    assert sorted(index for batch in batches for index in batch.indices) == list(alone)
    assert all(batch.target_limit == alone[index] for batch in batches for index in batch.indices)


@given(lengths_of_segments, st.integers(1, 2000), st.integers(1, 16))
def test_with_equal_lengths_no_segment_is_padded_and_none_is_lost(
    lengths: list[int], batch_tokens: int, workers: int
) -> None:
    options = DecodingOptions(batch_tokens=batch_tokens, equal_lengths=True)
    batches = plan_decoding(lengths, options, max_target_tokens=512, workers=workers)

    assert all(len({lengths[index] for index in batch.indices}) == 1 for batch in batches)
    assert sorted(index for batch in batches for index in batch.indices) == [i for i, one in enumerate(lengths) if one]


def test_few_segments_are_shared_out_to_all_workers() -> None:
    batches = plan_decoding([20] * 16, DecodingOptions(batch_tokens=1024), max_target_tokens=512, workers=4)

    assert [len(batch.indices) for batch in batches] == [4, 4, 4, 4]


def test_work_just_beyond_one_round_makes_a_second_round_for_every_worker() -> None:
    batches = plan_decoding([10] * 220, DecodingOptions(batch_tokens=1000), max_target_tokens=512, workers=2)

    assert [len(batch.indices) for batch in batches] == [55, 55, 55, 55]
