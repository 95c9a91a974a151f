"""German sentence splitting and the cutting of segments that are too long for a model."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmt.errors import SegmentTooLongError, UsageError
from newsmt.segmentation import split_sentences, split_to_fit, split_with_gaps
from newsmt.segmentation.graphemes import is_grapheme_start

REPOSITORY = Path(__file__).resolve().parents[1]
TEST_SETS = REPOSITORY.parent / "shared" / "testsets"


def _load_gold_module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("segmentation_gold", REPOSITORY / "eval/segmentation/gold.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


gold = _load_gold_module()
CASES = gold.read_gold()
CATEGORIES = list(dict.fromkeys(case.category for case in CASES))


def joined(pieces: Sequence[tuple[str, str]]) -> str:
    return "".join(piece + gap for piece, gap in pieces)


class TestGold:
    def test_has_many_cases_of_every_kind(self) -> None:
        assert len(CASES) >= 320
        assert len({case.text for case in CASES}) == len(CASES)
        assert len(CATEGORIES) >= 20

    def test_nearly_all_boundaries_are_found_and_hardly_a_false_one(self) -> None:
        total = sum((gold.score(case.sentences, split_sentences(case.text)) for case in CASES), gold.Score())
        assert total.found >= 0.995
        assert total.f1 >= 0.995

    def test_texts_it_was_not_developed_with_come_out_nearly_as_well(self) -> None:
        cases = gold.read_gold(gold.HELD_OUT)
        assert len(cases) >= 60
        total = sum((gold.score(case.sentences, split_sentences(case.text)) for case in cases), gold.Score())
        assert total.f1 >= 0.97

    @pytest.mark.parametrize("category", CATEGORIES)
    def test_no_category_is_neglected(self, category: str) -> None:
        cases = [case for case in CASES if case.category == category]
        wrong = [case.text for case in cases if tuple(split_sentences(case.text)) != case.sentences]
        assert len(wrong) <= 0.1 * len(cases), wrong

    def test_hard_wrapping_changes_no_boundary(self) -> None:
        for case in (case for case in CASES if case.category == "running news"):
            words = case.text.split()
            lines = [""]
            for word in words:
                if len(lines[-1]) + len(word) > 68:
                    lines.append("")
                lines[-1] = f"{lines[-1]} {word}".lstrip()
            found = [" ".join(sentence.split()) for sentence in split_sentences("\n".join(lines))]
            assert found == list(case.sentences)

    def test_spaces_that_do_not_break_change_no_boundary(self) -> None:
        for case in CASES:
            text = case.text.replace(". ", ".\u00a0")
            assert gold.boundaries(split_sentences(text)) == gold.boundaries(split_sentences(case.text))


def lines_of(test_set: str) -> list[str]:
    path = TEST_SETS / test_set / "source.de"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return [" ".join(line.split()) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("test_set", "errors_of_language_tool"),
    [("wmt19", 182), ("flores-dev", 185)],  # docs/segmentation.md, all lines: false + missed
)
def test_not_one_error_more_than_language_tools_rules(test_set: str, errors_of_language_tool: int) -> None:
    lines = lines_of(test_set)
    total = gold.Score()
    for start in range(0, len(lines), 6):
        group = lines[start : start + 6]
        total += gold.score(group, split_sentences(" ".join(group)))
    assert total.errors <= errors_of_language_tool


class TestSplitWithGaps:
    def test_gives_the_sentences_and_what_stands_between_them(self) -> None:
        assert split_with_gaps("Es regnet.  Das freut Dr. Maas. \n") == [
            ("Es regnet.", "  "),
            ("Das freut Dr. Maas.", " \n"),
        ]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", []),
            ("   ", [("   ", "")]),
            ("\n\n", [("\n\n", "")]),
            ("Ja", [("Ja", "")]),
            (" Ja. Nein.", [(" Ja.", " "), ("Nein.", "")]),
        ],
    )
    def test_edges(self, text: str, expected: list[tuple[str, str]]) -> None:
        assert split_with_gaps(text) == expected

    def test_blocks_of_an_article_end_sentences(self) -> None:
        article = (
            "Bahn streicht Züge\n\nVon Anna Muster\n\nDie Bahn streicht Züge. Das sagte sie am Montag\n- eins\n- zwei\n"
        )
        assert split_sentences(article) == [
            "Bahn streicht Züge",
            "Von Anna Muster",
            "Die Bahn streicht Züge.",
            "Das sagte sie am Montag",
            "eins",
            "zwei",
        ]
        assert joined(split_with_gaps(article)) == article

    def test_a_forgotten_space_ends_a_sentence_before_a_word_that_is_written_small(self) -> None:
        assert split_with_gaps("Die Straße ist zu.Die Umleitung führt über Lahr.") == [
            ("Die Straße ist zu.Die Umleitung führt über Lahr.", "")
        ]
        assert split_with_gaps("Die Straße ist gesperrt.Die Umleitung führt über Lahr.") == [
            ("Die Straße ist gesperrt.", ""),
            ("Die Umleitung führt über Lahr.", ""),
        ]

    @pytest.mark.parametrize(
        "text",
        [
            "." * 200_000,
            "(a. B " * 30_000,
            "z. B. " * 30_000,
            "am 5. Haus " * 20_000,
            '"' * 200_000,
            "a. " + "„ " * 90_000,
        ],
        ids=["stops", "brackets", "abbreviations", "figures", "quotation marks", "opening marks"],
    )
    def test_long_runs_of_marks_take_linear_time(self, text: str) -> None:
        # A quadratic pattern would run into the time limit of the suite.
        assert joined(split_with_gaps(text)) == text


MARKS = """„Ja.“ "Nein?" (so!) ... … ? ! ?! – - : ; , „ “ " » « ( ) [ ] 😀 e\u0301""".split()
WORDS = """z. B. d. h. u. a. usw. Mio. Dr. Das Er am 5. 19. November Jahrhundert II. K. kam. Haus iPhone 3.5.2024 18.30
    www.beispiel.de""".split()
SPACES = ["\u00a0", "\n", "\n\n", "\r\n", "\u2028", "\x00", "  "]
PARTS = st.sampled_from(MARKS + WORDS + SPACES)
texts = st.one_of(st.text(), st.lists(PARTS).map(" ".join), st.lists(PARTS).map("".join))


class TestProperties:
    @given(texts)
    def test_nothing_is_lost(self, text: str) -> None:
        assert joined(split_with_gaps(text)) == text

    @given(texts)
    def test_sentences_are_not_blank_and_have_no_space_around_them(self, text: str) -> None:
        sentences = split_sentences(text)
        assert all(sentence and sentence == sentence.strip() for sentence in sentences)
        kept = "".join("".join(sentences).split())
        assert len(kept) <= len("".join(text.split()))

    @given(texts)
    def test_the_same_text_gives_the_same_sentences(self, text: str) -> None:
        assert split_sentences(text) == split_sentences(text)

    def test_a_sentence_alone_stays_whole(self) -> None:
        for case in CASES:
            for sentence in case.sentences:
                assert split_sentences(sentence) == [sentence]


def count_characters(texts: Sequence[str]) -> list[int]:
    return [len(text) for text in texts]


def count_bytes(texts: Sequence[str]) -> list[int]:
    return [len(text.encode("utf-8", "surrogatepass")) + 1 for text in texts]


def count_words(texts: Sequence[str]) -> list[int]:
    return [len(text.split()) + 1 for text in texts]


class Counted:
    """A counter that knows how often it was called and how many characters it was given."""

    def __init__(self, count: Callable[[Sequence[str]], list[int]]) -> None:
        self.count = count
        self.calls = 0
        self.characters = 0

    def __call__(self, texts: Sequence[str]) -> list[int]:
        self.calls += 1
        self.characters += sum(map(len, texts))
        return self.count(texts)


class TestSplitToFit:
    def test_a_text_that_fits_is_one_piece(self) -> None:
        assert split_to_fit("Kurz und gut. ", 20, count_characters) == [("Kurz und gut.", " ")]

    def test_nothing_gives_nothing(self) -> None:
        assert split_to_fit("", 5, count_characters) == []

    @pytest.mark.parametrize(
        ("text", "limit", "pieces"),
        [
            ("Der Rat tagte lange; er fand keine Lösung.", 30, ["Der Rat tagte lange;", "er fand keine Lösung."]),
            ("Der Rat tagte lange, doch ohne Ergebnis.", 30, ["Der Rat tagte lange,", "doch ohne Ergebnis."]),
            ("Der Rat tagte lange – doch ohne Ergebnis.", 30, ["Der Rat tagte lange", "– doch ohne Ergebnis."]),
            ("Der Rat tagte lange und fand keine Lösung.", 30, ["Der Rat tagte lange", "und fand keine Lösung."]),
            (
                "Der Rat tagte lange. Er fand keine Lösung, wie so oft.",
                40,
                ["Der Rat tagte lange.", "Er fand keine Lösung, wie so oft."],
            ),
            ("eins zwei drei vier", 12, ["eins zwei", "drei vier"]),
            ("Donaudampfschiff", 10, ["Donaudam", "pfschiff"]),
        ],
        ids=["semicolon", "comma", "dash", "conjunction", "sentence end", "space", "between characters"],
    )
    def test_cuts_at_the_best_place(self, text: str, limit: int, pieces: list[str]) -> None:
        found = split_to_fit(text, limit, count_characters)
        assert [piece for piece, _ in found] == pieces
        assert joined(found) == text

    def test_pieces_are_about_equally_long(self) -> None:
        words = " ".join(f"wort{number:03}" for number in range(210))
        counts = count_words([piece for piece, _ in split_to_fit(words, 200, count_words)])
        assert len(counts) == 2
        assert min(counts) > 0.8 * max(counts)

    @pytest.mark.parametrize("text", ["Wort " * 40_000, "ab" * 100_000, "漢" * 200_000, "e\u0301" * 100_000])
    def test_a_huge_text_is_counted_a_few_times_only(self, text: str) -> None:
        counted = Counted(count_characters)
        found = split_to_fit(text, 512, counted)
        assert joined(found) == text
        assert max(count_characters([piece for piece, _ in found])) <= 512
        assert counted.calls <= 6
        assert counted.characters <= 6 * len(text)

    @pytest.mark.parametrize("limit", [0, -3])
    def test_a_limit_below_one_is_refused(self, limit: int) -> None:
        with pytest.raises(UsageError, match=f"limit={limit}"):
            split_to_fit("Text", limit, count_characters)

    def test_a_character_that_does_not_fit_is_refused(self) -> None:
        with pytest.raises(SegmentTooLongError) as caught:
            split_to_fit("abc", 1, lambda texts: [2 * len(text) for text in texts])
        assert caught.value.limit == 1

    def test_accents_stay_on_their_letters(self) -> None:
        pieces = [piece for piece, _ in split_to_fit("e\u0301" * 50, 7, count_characters)]
        assert all(piece.startswith("e") and piece.endswith("\u0301") for piece in pieces)

    def test_a_character_with_more_accents_than_fit_is_cut_between_them(self) -> None:
        found = split_to_fit("e" + "\u0301" * 30, 8, count_characters)
        assert joined(found) == "e" + "\u0301" * 30
        assert max(len(piece) for piece, _ in found) <= 8

    @settings(max_examples=200)
    @given(texts.map(str.lstrip), st.integers(8, 60), st.sampled_from([count_characters, count_bytes, count_words]))
    def test_every_piece_fits_and_nothing_is_lost(
        self, text: str, limit: int, count: Callable[[Sequence[str]], list[int]]
    ) -> None:
        found = split_to_fit(text, limit, count)
        assert joined(found) == text
        assert all(tokens <= limit for tokens in count([piece for piece, _ in found]))
        if text.strip():
            assert all(piece.strip() for piece, _ in found)
            assert all(not gap or gap.isspace() for _, gap in found)


class TestGraphemes:
    @pytest.mark.parametrize(
        "character",
        [
            "e\u0301",
            "👨\u200d👩\u200d👧",
            "👍🏽",
            "🇩🇪",
            "1\ufe0f\u20e3",
            "\r\n",
            "\ud83d\ude00",
            "\u1112\u1161\u11ab",
            "🏴\U000e0067\U000e007f",
        ],
        ids=["accent", "family", "skin tone", "flag", "keycap", "line break", "surrogates", "jamo", "tags"],
    )
    def test_nothing_inside_is_a_start(self, character: str) -> None:
        text = f"a{character}b"
        inside = range(2, 1 + len(character))
        assert not any(is_grapheme_start(text, index) for index in inside)
        assert is_grapheme_start(text, 1)
        assert is_grapheme_start(text, len(text) - 1)

    def test_two_flags_are_two_characters(self) -> None:
        assert is_grapheme_start("🇩🇪🇫🇷", 2)
