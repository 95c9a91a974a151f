"""The joint SentencePiece model and the order of its pieces in a Marian checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import sentencepiece

from newsmt.backends.pretokenization import PRETOKENIZATIONS

__all__ = ["PRETOKENIZATION", "Vocabulary", "train_vocabulary"]

END_PIECE_ID, UNKNOWN_PIECE_ID, PAD_PIECE_ID = 0, 1, 2
# How the library prepares text for the models of this recipe.
PRETOKENIZATION = "separated"
_separate, _rejoin = PRETOKENIZATIONS[PRETOKENIZATION]


def train_vocabulary(lines: Iterable[str], path: Path, *, size: int, sentences: int = 1_200_000) -> None:
    """A unigram model over German and English with byte fallback, written to `path`.

    The ids of the special pieces are those that Marian checkpoints have, but for <pad>, which Vocabulary moves to the
    end.
    """
    temporary = path.with_suffix(".new")
    with temporary.open("wb") as model:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=map(_separate, lines),
            model_writer=model,
            vocab_size=size,
            model_type="unigram",
            character_coverage=0.9998,
            byte_fallback=True,
            normalization_rule_name="nmt_nfkc",
            eos_id=END_PIECE_ID,
            unk_id=UNKNOWN_PIECE_ID,
            pad_id=PAD_PIECE_ID,
            bos_id=-1,
            input_sentence_size=sentences,
            shuffle_input_sentence=True,
            minloglevel=2,
        )
    temporary.replace(path)


class Vocabulary:
    """Text to model ids and back.

    Model ids are piece ids with <pad> taken out and put last, where CTranslate2 and Hugging Face expect it: 0 is
    </s>, 1 is <unk>.
    """

    end = END_PIECE_ID
    unknown = UNKNOWN_PIECE_ID

    def __init__(self, path: Path) -> None:
        self.path = path
        self._pieces = sentencepiece.SentencePieceProcessor(model_file=str(path))
        self.size: int = self._pieces.vocab_size()
        self.pad = self.size - 1
        self._piece_ids = [*range(PAD_PIECE_ID), *range(PAD_PIECE_ID + 1, self.size), PAD_PIECE_ID]

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The likeliest segmentation of each text, without the end of sentence."""
        return [self._model_ids(ids) for ids in self._pieces.encode(list(map(_separate, texts)))]

    def sample(self, texts: Sequence[str], alpha: float) -> list[list[int]]:
        """A segmentation drawn for each text; the smaller alpha, the further from the likeliest."""
        drawn = self._pieces.encode(list(map(_separate, texts)), enable_sampling=True, alpha=alpha, nbest_size=-1)
        return [self._model_ids(ids) for ids in drawn]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of model ids up to the end of sentence, special pieces left out."""
        pieces = []
        for identifier in ids:
            if identifier == self.end:
                break
            if identifier != self.pad:
                pieces.append(self._piece_ids[identifier])
        return _rejoin(str(self._pieces.decode(pieces)))

    def tokens(self) -> list[str]:
        """The pieces in the order of their model ids."""
        return [self._pieces.id_to_piece(identifier) for identifier in self._piece_ids]

    def save(self, directory: Path) -> None:
        """source.spm, target.spm (the same) and vocab.json, as MarianTokenizer reads them."""
        for name in ("source.spm", "target.spm"):
            shutil.copyfile(self.path, directory / name)
        entries = {token: identifier for identifier, token in enumerate(self.tokens())}
        (directory / "vocab.json").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def _model_ids(piece_ids: Sequence[int]) -> list[int]:
        return [identifier - 1 if identifier > PAD_PIECE_ID else identifier for identifier in piece_ids]
