"""Texts to pieces and back with plain SentencePiece: safe between threads, and no text can become a control token."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.backends.pretokenization import PRETOKENIZATIONS
from newsmt.errors import ModelFilesError, SegmentTooLongError

if TYPE_CHECKING:
    from newsmt.checkpoint import Checkpoint

__all__ = ["END", "PADDING", "UNKNOWN", "Tokenizer", "load_tokenizer"]

END, UNKNOWN, PADDING = "</s>", "<unk>", "<pad>"
_SPACE = "▁"
# What steers a model instead of being read or written by it.
_CONTROL = re.compile(rf"{END}|{PADDING}|<s>|>>[^<>]*<<|{_SPACE}?<extra_id_\d+>")


class Tokenizer:
    """Pieces of one model.

    source, target: SentencePiece processors that read sources and write hypotheses.
    numbers: number of every piece a source may have.
    target_pieces: the piece of every number that a model may write.
    pretokenization: what is set apart before pieces are made of it, a name of newsmt.backends.pretokenization.
    """

    def __init__(
        self,
        source: Any,
        target: Any,
        numbers: Mapping[str, int],
        target_pieces: Sequence[str],
        *,
        pretokenization: str = "none",
    ) -> None:
        self._source = source
        self._target = target
        self._numbers = dict(numbers)
        self._readable = frozenset(piece for piece in numbers if not _CONTROL.fullmatch(piece) and piece != UNKNOWN)
        self._target_pieces = tuple(target_pieces)
        self._separate, self._rejoin = PRETOKENIZATIONS[pretokenization]

    def encode(self, texts: Sequence[str]) -> list[list[str]]:
        """The pieces of each text that the model knows, <unk> for others, end of sentence excluded."""
        return [self._known(pieces) for pieces in self._source.encode(list(map(self._separate, texts)), out_type=str)]

    def count(self, texts: Sequence[str]) -> list[int]:
        """Pieces of each text, end of sentence excluded."""
        return [len(pieces) for pieces in self.encode(texts)]

    def encode_for_model(self, texts: Sequence[str], limit: int) -> list[list[str]]:
        """The pieces of texts that a model is to read.

        Raises ValueError for a blank text, for which models invent something, and SegmentTooLongError for one of more
        than limit pieces.
        """
        blank = next((number for number, text in enumerate(texts) if not text.strip()), None)
        if blank is not None:
            raise ValueError(f"segment {blank} is blank ({texts[blank]!r}): models invent text for it, so leave it out")
        encoded = self.encode(texts)
        for text, pieces in zip(texts, encoded, strict=True):
            if len(pieces) > limit:
                raise SegmentTooLongError(len(pieces), limit, text)
        return encoded

    def numbers(self, pieces: Sequence[str]) -> list[int]:
        """The numbers under which the model's embeddings have these pieces."""
        return [self._numbers[piece] for piece in pieces]

    def target_pieces(self, numbers: Sequence[int]) -> list[str]:
        """The pieces that the model has written, given by their numbers."""
        return [self._target_pieces[number] for number in numbers]

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of a hypothesis; end of sentence, padding and <unk> leave nothing behind."""
        written = [piece for piece in pieces if piece not in (END, PADDING, UNKNOWN)]
        text: str = self._target.decode(written) if written else ""
        return self._rejoin(text.replace(_SPACE, " ").strip())

    def unknown_spans(self, text: str) -> list[str]:
        """The stretches of a text that the model cannot see, in order, as SentencePiece has normalised them."""
        spans: list[str] = []
        joins = False
        for piece in self._atoms(self._source.encode(self._separate(text), out_type=str)):
            if piece in self._readable:
                joins = False
                continue
            if joins and not piece.startswith(_SPACE):
                spans[-1] += piece
            else:
                spans.append(piece.lstrip(_SPACE))
            joins = True
        return [span for span in spans if span]

    def _known(self, pieces: Sequence[str]) -> list[str]:
        if self._readable.issuperset(pieces):
            return list(pieces)
        return [piece if piece in self._readable else UNKNOWN for piece in self._atoms(pieces)]

    def _atoms(self, pieces: Sequence[str]) -> Iterator[str]:
        """The pieces, those that look like a control token taken apart into characters.

        SentencePiece runs unknown characters together, so that "</s>" can come back from a vocabulary without "<".
        """
        for piece in pieces:
            if piece == UNKNOWN or _CONTROL.fullmatch(piece):
                yield from piece
            else:
                yield piece


def load_tokenizer(checkpoint: Checkpoint, directory: Path | None = None) -> Tokenizer:
    """The tokenizer of a checkpoint; directory: its conversion, whose vocabulary is then used.

    Raises ModelFilesError where the SentencePiece models and the vocabulary do not belong together.
    """
    where = checkpoint.directory
    if checkpoint.spec.pretokenization not in PRETOKENIZATIONS:
        raise ModelFilesError(
            f"{where} wants pretokenization {checkpoint.spec.pretokenization!r}, which this newsmt does not know "
            f"(it knows {', '.join(PRETOKENIZATIONS)}): upgrade newsmt"
        )
    if (where / "spiece.model").is_file():
        return _t5_tokenizer(where, directory, checkpoint.spec.pretokenization)
    source, target = _vocabularies(directory or where)
    tokenizer = Tokenizer(
        _processor(where / "source.spm"),
        _processor(where / "target.spm"),
        source,
        list(target),
        pretokenization=checkpoint.spec.pretokenization,
    )
    for needed in (END, UNKNOWN):
        if needed not in source or needed not in target:
            raise ModelFilesError(f"{where} has a vocabulary without {needed!r}; fetch the model again")
    return tokenizer


def _t5_tokenizer(where: Path, directory: Path | None, pretokenization: str) -> Tokenizer:
    """A SentencePiece model whose own numbering is that of the embeddings, which go on with sentinels behind it."""
    processor = _processor(where / "spiece.model")
    pieces = [processor.id_to_piece(number) for number in range(len(processor))]
    size = _t5_rows(where, directory)
    if size < len(pieces) or END not in pieces or UNKNOWN not in pieces:
        raise ModelFilesError(
            f"{where / 'spiece.model'} has {len(pieces)} pieces and the model {size} embeddings: they are not of the "
            "same model; fetch it again"
        )
    sentinels = [f"<extra_id_{number}>" for number in range(99, -1, -1)]
    beyond = [f"<extra_id_{number}>" for number in range(size)]
    if not any("<extra_id_" in piece for piece in pieces):
        beyond = sentinels + beyond
    written = [*pieces, *beyond][:size]
    numbers = {piece: number for number, piece in enumerate(pieces)}
    return Tokenizer(processor, processor, numbers, written, pretokenization=pretokenization)


def _t5_rows(where: Path, directory: Path | None) -> int:
    if directory is not None:
        return len(_vocabularies(directory)[0])
    return int(_read_json(where / "config.json")["vocab_size"])


def _vocabularies(directory: Path) -> tuple[dict[str, int], dict[str, int]]:
    """Source and target vocabulary of a checkpoint or of a conversion."""
    if (directory / "vocab.json").is_file():
        source = _vocabulary(directory / "vocab.json")
        own = directory / "target_vocab.json"
        return source, _vocabulary(own) if own.is_file() else source
    for suffix in ("json", "txt"):
        if (directory / f"shared_vocabulary.{suffix}").is_file():
            shared = _vocabulary(directory / f"shared_vocabulary.{suffix}")
            return shared, shared
        if (directory / f"source_vocabulary.{suffix}").is_file():
            return (
                _vocabulary(directory / f"source_vocabulary.{suffix}"),
                _vocabulary(directory / f"target_vocabulary.{suffix}"),
            )
    raise ModelFilesError(f"{directory} has no vocabulary; fetch or convert the model again")


def _vocabulary(path: Path) -> dict[str, int]:
    """Pieces with their numbers, in the order of the numbers."""
    if path.suffix == ".txt":
        content: Any = _read_text(path).removesuffix("\n").split("\n")
    else:
        content = _read_json(path)
    if isinstance(content, list) and all(isinstance(piece, str) for piece in content):
        return {piece: number for number, piece in enumerate(content)}
    if isinstance(content, dict) and sorted(map(str, content.values())) == sorted(map(str, range(len(content)))):
        return dict(sorted(content.items(), key=lambda item: int(item[1])))
    raise ModelFilesError(f"{path} is not a vocabulary of pieces numbered from 0 without a gap; fetch the model again")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(_read_text(path))
    except ValueError as error:
        raise ModelFilesError(f"{path} is damaged ({error}); fetch the model again") from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ModelFilesError(f"{path} cannot be read ({error}); fetch the model again") from error


def _processor(path: Path) -> Any:
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(model_proto=_without_user_symbols(path.read_bytes()))
    except (OSError, RuntimeError, ValueError) as error:
        raise ModelFilesError(
            f"{path} is missing or no SentencePiece model ({error}); fetch the model again"
        ) from error


_PIECE, _TYPE = 1, 3  # field numbers in SentencePiece's ModelProto and in its SentencePiece message
_USER_DEFINED, _UNUSED = 4, 5


def _without_user_symbols(model: bytes) -> bytes:
    """The model with its user-defined symbols unused: mT5's sentinels, else found in any text that spells them."""
    patched = bytearray(model)
    for field, start, end in _fields(model, 0, len(model)):
        if field == _PIECE:
            for inner, value_start, value_end in _fields(model, start, end):
                if inner == _TYPE and model[value_start:value_end] == bytes([_USER_DEFINED]):
                    patched[value_start] = _UNUSED
    return bytes(patched)


def _fields(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Field number and extent of the value of each field of a protocol buffer message."""
    position = start
    while position < end:
        key, position = _varint(data, position)
        match key & 7:
            case 0:
                stop = _varint(data, position)[1]
            case 1:
                stop = position + 8
            case 2:
                length, position = _varint(data, position)
                stop = position + length
            case 5:
                stop = position + 4
            case _:
                raise ValueError("not a protocol buffer")
        if stop > end:
            raise ValueError("the file is cut off")
        yield key >> 3, position, stop
        position = stop


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("the file is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            return value, position
