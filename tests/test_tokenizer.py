from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_models import GERMAN, german_sentences

from newsmt.backends.tokenizer import Tokenizer, load_tokenizer
from newsmt.checkpoint import open_checkpoint
from newsmt.conversion import ctranslate2_directory
from newsmt.errors import ModelFilesError, SegmentTooLongError

CONTROL_TEXTS = (
    "Das </s> ist Text.",
    "</s>",
    "<pad>",
    "<unk>",
    "<s>",
    ">>en<< Das Gericht",
    ">>en<<",
    "<extra_id_0>",
    "Die Polizei <extra_id_3> in Köln",
    "x<extra_id_9>y",
    "▁<extra_id_1>",
)


@pytest.fixture(params=["tiny_marian", "tiny_opus_mt", "tiny_mt5", "tiny_t5"])
def directory(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.fixture
def tokenizer(directory: Path) -> Tokenizer:
    return load_tokenizer(open_checkpoint(directory))


@pytest.mark.parametrize("text", CONTROL_TEXTS)
def test_control_tokens_in_a_text_are_text(tokenizer: Tokenizer, text: str) -> None:
    [pieces] = tokenizer.encode([text])

    assert pieces
    assert not {"</s>", "<pad>", "<s>", ">>en<<"} & set(pieces)
    assert not any("extra_id_" in piece for piece in pieces)


def test_known_text_survives_there_and_back(tokenizer: Tokenizer) -> None:
    for text, pieces in zip(GERMAN, tokenizer.encode(GERMAN), strict=True):
        assert "<unk>" not in pieces
        assert tokenizer.decode(pieces) == text


def test_numbers_and_pieces_belong_together(tokenizer: Tokenizer) -> None:
    for pieces in tokenizer.encode(GERMAN[:50]):
        assert tokenizer.target_pieces(tokenizer.numbers(pieces)) == pieces


def test_end_padding_and_unknown_leave_nothing_in_the_text(tokenizer: Tokenizer) -> None:
    [pieces] = tokenizer.encode(["Das Gericht"])

    assert tokenizer.decode([*pieces[:-1], "<unk>", pieces[-1], "</s>", "<pad>"]) == "Das Gericht"
    assert tokenizer.decode([]) == ""


def test_the_conversion_has_the_same_tokenizer(directory: Path, tokenizer: Tokenizer) -> None:
    checkpoint = open_checkpoint(directory)
    converted = load_tokenizer(checkpoint, ctranslate2_directory(checkpoint, "float32"))

    texts = [*german_sentences(40), *CONTROL_TEXTS, "Łódź “ist” 😀"]
    assert converted.encode(texts) == tokenizer.encode(texts)


def test_blank_and_overlong_texts_never_reach_a_model(tokenizer: Tokenizer) -> None:
    with pytest.raises(ValueError, match="segment 1 is blank"):
        tokenizer.encode_for_model(["Das Gericht", " \t"], 100)
    with pytest.raises(SegmentTooLongError) as caught:
        tokenizer.encode_for_model(["Das Gericht " * 50], 100)
    assert caught.value.tokens == tokenizer.count(["Das Gericht " * 50])[0] > 100
    assert caught.value.limit == 100


def test_unknown_spans_name_what_the_model_cannot_see(tiny_opus_mt: Path) -> None:
    tokenizer = load_tokenizer(open_checkpoint(tiny_opus_mt))

    assert tokenizer.unknown_spans("Das Gericht lehnte ab.") == []
    assert tokenizer.unknown_spans("“Das” ist 😀 am Montag") == ["“", "”", "😀"]
    assert tokenizer.unknown_spans("</s> am Montag") == ["</", ">"]


def test_with_bytes_to_fall_back_on_nothing_is_unknown(tiny_marian: Path) -> None:
    tokenizer = load_tokenizer(open_checkpoint(tiny_marian))
    text = "“Łódź” 😀 漢字"

    assert tokenizer.unknown_spans(text) == []
    assert tokenizer.decode(tokenizer.encode([text])[0]) == text


@pytest.mark.parametrize("name", ["tiny_marian", "tiny_opus_mt"])
def test_numbers_and_texts_are_those_of_transformers(name: str, request: pytest.FixtureRequest) -> None:
    from transformers import MarianTokenizer

    directory = request.getfixturevalue(name)
    tokenizer = load_tokenizer(open_checkpoint(directory))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # transformers recommends sacremoses, which newsmt does not want
        theirs = MarianTokenizer.from_pretrained(directory)
    texts = [*german_sentences(60), "“Łódź” 😀 am 5. November", "3,5 %  und\tmehr"]

    ours = [tokenizer.numbers([*pieces, "</s>"]) for pieces in tokenizer.encode(texts)]
    assert ours == theirs(texts)["input_ids"]
    for numbers in ours:
        reordered = numbers[::-1] + numbers  # not what SentencePiece would have made of any text
        assert tokenizer.decode(tokenizer.target_pieces(reordered)) == theirs.decode(
            reordered, skip_special_tokens=True
        )


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"\xff" * 99])
def test_a_damaged_sentencepiece_model_is_named(tiny_t5: Path, tmp_path: Path, damage: object) -> None:
    checkpoint = open_checkpoint(tiny_t5)
    for file in tiny_t5.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    whole = (tmp_path / "spiece.model").read_bytes()
    (tmp_path / "spiece.model").write_bytes(damage(whole))  # type: ignore[operator]

    with pytest.raises(ModelFilesError, match=r"spiece\.model"):
        load_tokenizer(replace(checkpoint, directory=tmp_path))


def test_a_vocabulary_with_a_gap_is_refused(tiny_marian: Path, tmp_path: Path) -> None:
    checkpoint = open_checkpoint(tiny_marian)
    for file in tiny_marian.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "vocab.json").write_text('{"</s>": 0, "<unk>": 1, "<pad>": 3}', encoding="utf-8")

    with pytest.raises(ModelFilesError, match=r"vocab\.json"):
        load_tokenizer(replace(checkpoint, directory=tmp_path))
