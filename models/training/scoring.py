"""Scores while a model trains: its weights as they would ship, int8 in CTranslate2, against a slice of text."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsmt.backends.tokenizer import END, Tokenizer, load_tokenizer
from newsmt.checkpoint import open_checkpoint
from newsmt.convert import convert
from newsmt.normalization import fold_ascii
from newsmt.numbers import find_numbers, missing_numbers

__all__ = [
    "Score",
    "TestText",
    "read_text_set",
    "score_checkpoint",
    "share_of_numbers_kept",
    "share_of_words_left",
    "translate_lines",
]

# No news line needs more; what goes on longer repeats itself.
MAX_PIECES = 400
_WORD = re.compile(r"[^\W\d_]{5,}")


@dataclass(frozen=True)
class TestText:
    """Sources with one reference each."""

    sources: tuple[str, ...]
    references: tuple[str, ...]

    __test__ = False  # no test class, whatever pytest thinks of its name


@dataclass(frozen=True)
class Score:
    """sacrebleu's BLEU and chrF, 0 to 100, two shares that say what goes wrong, and the first hypotheses to look at.

    numbers_kept: of the numbers in the sources, the share that their hypotheses have too; words_left: of the words in
    the hypotheses, the share that stand so in the source but not in the reference: German left as it is.
    """

    bleu: float
    chrf: float
    numbers_kept: float
    words_left: float
    samples: tuple[str, ...]


def read_text_set(directory: Path, *, lines: int = 0) -> TestText:
    """source.de and the first reference*.en of a directory; the first `lines` of them (0: all)."""
    reference = sorted(directory.glob("reference*.en"))[0]
    sources, references = ((directory / "source.de").read_text("utf-8"), reference.read_text("utf-8"))
    pairs = list(zip(sources.splitlines(), references.splitlines(), strict=True))[: lines or None]
    return TestText(*map(tuple, zip(*pairs, strict=True)))  # type: ignore[arg-type]


def score_checkpoint(directory: Path, text: TestText, *, beam_size: int = 1, threads: int = 2) -> Score:
    """Convert a Marian directory to CTranslate2 int8, translate line by line, score."""
    import sacrebleu

    positions = json.loads((directory / "config.json").read_text(encoding="utf-8"))["max_position_embeddings"]
    with tempfile.TemporaryDirectory() as scratch:
        converted = Path(scratch) / "int8"
        convert(directory, converted, precision="int8")
        hypotheses = translate_lines(
            converted,
            load_tokenizer(open_checkpoint(directory)),
            text.sources,
            beam_size=beam_size,
            threads=threads,
            max_pieces=min(MAX_PIECES, positions - 1),
        )
    bleu = sacrebleu.corpus_bleu(hypotheses, [list(text.references)])
    chrf = sacrebleu.corpus_chrf(hypotheses, [list(text.references)])
    return Score(
        bleu=bleu.score,
        chrf=chrf.score,
        numbers_kept=share_of_numbers_kept(text.sources, hypotheses),
        words_left=share_of_words_left(text, hypotheses),
        samples=tuple(hypotheses[:3]),
    )


def share_of_numbers_kept(sources: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Of the numbers in the sources, the share that their hypotheses have in some form; 1 where there are none."""
    all_numbers = sum(sum(find_numbers(source, language="de").values()) for source in sources)
    missing = sum(len(missing_numbers(*pair)) for pair in zip(sources, hypotheses, strict=True))
    return 1 - missing / all_numbers if all_numbers else 1.0


def share_of_words_left(text: TestText, hypotheses: Sequence[str]) -> float:
    """Of the words of five letters or more in the hypotheses, the share that only the source explains."""
    words = left = 0
    for source, reference, hypothesis in zip(text.sources, text.references, hypotheses, strict=True):
        german, english = set(_WORD.findall(source)), set(_WORD.findall(reference))
        found = _WORD.findall(hypothesis)
        words += len(found)
        left += sum(word in german and word not in english for word in found)
    return left / words if words else 0.0


def translate_lines(
    converted: Path,
    tokenizer: Tokenizer,
    lines: Sequence[str],
    *,
    beam_size: int = 1,
    threads: int = 2,
    max_pieces: int = MAX_PIECES,
) -> list[str]:
    """Each line as one segment, with no splitting into sentences, as the published scores are made."""
    import ctranslate2

    translator = ctranslate2.Translator(str(converted), compute_type="int8", inter_threads=threads, intra_threads=1)
    sources = [[*pieces, END] for pieces in tokenizer.encode([fold_ascii(line) for line in lines])]
    results = translator.translate_batch(
        sources,
        beam_size=beam_size,
        max_batch_size=1024,
        batch_type="tokens",
        max_input_length=0,
        max_decoding_length=max_pieces,
    )
    return [tokenizer.decode(result.hypotheses[0]) for result in results]
