"""Builders of tiny checkpoints with random weights and real SentencePiece models: no download, under a second each.

Their outputs mean nothing, but they vary with the source, most of them end by themselves and some never do, so that
every path of a backend is taken. The same seed gives the same files.
"""

from __future__ import annotations

import io
import itertools
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sentencepiece

__all__ = [
    "ENGLISH",
    "GERMAN",
    "build_marian",
    "build_mt5",
    "build_opus_mt",
    "build_t5",
    "german_sentences",
    "train_sentencepiece",
]

# How much more often than other tokens a random model ends its sentence: chosen so that most outputs end.
END_BIAS = 4.5
END_WEIGHT = 2.0

_SUBJECTS = (
    ("Die Regierung", "The government"),
    ("Der Minister", "The minister"),
    ("Die Polizei in Köln", "The police in Cologne"),
    ("Ein Sprecher des Unternehmens", "A spokesman for the company"),
    ("Die Gewerkschaft", "The union"),
    ("Das Gericht", "The court"),
    ("Die Bürgermeisterin von Lübeck", "The mayor of Lübeck"),
    ("Der Verein aus München", "The club from Munich"),
    ("Eine Forscherin", "A researcher"),
    ("Der Wetterdienst", "The weather service"),
)
_VERBS = (
    ("bestätigte", "confirmed"),
    ("kritisierte", "criticised"),
    ("begrüßte", "welcomed"),
    ("verschob", "postponed"),
    ("erklärte", "explained"),
    ("prüfte", "examined"),
    ("verteidigte", "defended"),
    ("lehnte", "rejected"),
)
_OBJECTS = (
    ("den neuen Haushalt", "the new budget"),
    ("die Pläne für den Hafen", "the plans for the harbour"),
    ("das Urteil vom Montag", "the ruling of Monday"),
    ("die Warnung vor dem Sturm", "the warning of the storm"),
    ("eine Studie über 2.000 Schüler", "a study of 2,000 pupils"),
    ("den Streik bei der Bahn", "the strike at the railway"),
    ("die Zahlen für 2023", "the figures for 2023"),
    ("das Spiel am 5. November", "the match on 5 November"),
)
_TAILS = (
    ("am Dienstag", "on Tuesday"),
    ("in Berlin", "in Berlin"),
    ("zum zweiten Mal", "for the second time"),
    ("trotz der Kosten von 3,5 Millionen Euro", "despite the cost of 3.5 million euros"),
    ("nach langer Debatte", "after a long debate"),
    ("(wie erwartet)", "(as expected)"),
    ('"ohne Wenn und Aber"', '"with no ifs or buts"'),
    ("bis zum Ende der Woche", "until the end of the week"),
)


def _lines(side: int) -> list[str]:
    lines = []
    for number, (subject, verb, thing) in enumerate(itertools.product(_SUBJECTS, _VERBS, _OBJECTS)):
        tail = _TAILS[number * 5 % len(_TAILS)]
        lines.append(f"{subject[side]} {verb[side]} {thing[side]} {tail[side]}{'.?!:;'[number % 11 % 5]}")
    return lines


GERMAN: tuple[str, ...] = tuple(_lines(0))
ENGLISH: tuple[str, ...] = tuple(_lines(1))


def german_sentences(count: int, *, seed: int = 0, longest: int = 6) -> list[str]:
    """Sources of very different lengths: from one word up to `longest` of the sentences above in a row."""
    chance = random.Random(seed)
    sources = []
    for _ in range(count):
        text = " ".join(chance.sample(GERMAN, chance.randint(1, longest)))
        words = text.split()
        start = chance.randrange(len(words))
        sources.append(" ".join(words[start : start + chance.randint(1, len(words))]))
    return sources


def train_sentencepiece(
    path: Path,
    lines: Sequence[str],
    *,
    vocab_size: int = 300,
    byte_fallback: bool = False,
    normalization: str = "identity",
    t5_numbering: bool = False,
    user_defined_symbols: Sequence[str] = (),
) -> None:
    """Train a unigram model; `t5_numbering` gives <pad> 0, </s> 1, <unk> 2 instead of <unk> 0, <s> 1, </s> 2."""
    numbering = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1} if t5_numbering else {}
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        model_type="unigram",
        vocab_size=vocab_size,
        byte_fallback=byte_fallback,
        normalization_rule_name=normalization,
        user_defined_symbols=list(user_defined_symbols),
        character_coverage=1.0,
        hard_vocab_limit=False,
        num_threads=1,
        minloglevel=2,
        **numbering,
    )
    path.write_bytes(model.getvalue())


def build_marian(
    directory: Path,
    *,
    seed: int = 0,
    layers: tuple[int, int] = (2, 2),
    activation: str = "swish",
    byte_fallback: bool = True,
    dtype: str = "float32",
    positions: int = 512,
) -> Path:
    """A Marian checkpoint as newsmt trains them: safetensors, one joint SentencePiece model, <pad> last and zero."""
    directory.mkdir(parents=True, exist_ok=True)
    train_sentencepiece(
        directory / "source.spm",
        [*GERMAN, *ENGLISH],
        vocab_size=700 if byte_fallback else 400,
        byte_fallback=byte_fallback,
    )
    shutil.copyfile(directory / "source.spm", directory / "target.spm")
    vocabulary = _marian_vocabulary([directory / "source.spm"])
    model = _marian_model(
        len(vocabulary), seed=seed, layers=layers, activation=activation, dtype=dtype, positions=positions
    )
    _save(model, directory)
    _write_marian_vocabulary(directory, vocabulary)
    return directory


def build_opus_mt(directory: Path, *, seed: int = 1, layers: tuple[int, int] = (2, 2)) -> Path:
    """The file set of a real opus-mt model: pytorch_model.bin, two SentencePiece models, vocab.json, no safetensors."""
    import torch

    directory.mkdir(parents=True, exist_ok=True)
    train_sentencepiece(directory / "source.spm", GERMAN, vocab_size=260, normalization="nmt_nfkc")
    train_sentencepiece(directory / "target.spm", ENGLISH, vocab_size=230, normalization="nmt_nfkc")
    vocabulary = _marian_vocabulary([directory / "source.spm", directory / "target.spm"])
    model = _marian_model(len(vocabulary), seed=seed, layers=layers)
    _save(model, directory)
    (directory / "model.safetensors").unlink()
    torch.save(model.state_dict(), directory / "pytorch_model.bin")
    _write_marian_vocabulary(directory, vocabulary)
    return directory


def build_mt5(directory: Path, *, seed: int = 2, dtype: str = "float32") -> Path:
    """mT5: gated GELU, an output layer of its own, byte fallback, sentinels inside the SentencePiece model."""
    return _build_t5(
        directory,
        seed=seed,
        dtype=dtype,
        model_type="mt5",
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        byte_fallback=True,
        user_defined_symbols=[f"▁<extra_id_{number}>" for number in range(9, -1, -1)],
    )


def build_t5(directory: Path, *, seed: int = 3, dtype: str = "float32") -> Path:
    """T5 version 1.0: ReLU, tied output, sentinels only as rows past the SentencePiece model's end."""
    return _build_t5(
        directory,
        seed=seed,
        dtype=dtype,
        model_type="t5",
        feed_forward_proj="relu",
        tie_word_embeddings=True,
        byte_fallback=False,
        user_defined_symbols=[],
    )


def _build_t5(
    directory: Path,
    *,
    seed: int,
    dtype: str,
    model_type: str,
    feed_forward_proj: str,
    tie_word_embeddings: bool,
    byte_fallback: bool,
    user_defined_symbols: Sequence[str],
) -> Path:
    import torch
    from transformers import MT5Config, MT5ForConditionalGeneration, T5Config, T5ForConditionalGeneration

    directory.mkdir(parents=True, exist_ok=True)
    spm = directory / "spiece.model"
    train_sentencepiece(
        spm,
        [*GERMAN, *ENGLISH],
        vocab_size=700 if byte_fallback else 400,
        byte_fallback=byte_fallback,
        normalization="nmt_nfkc",
        t5_numbering=True,
        user_defined_symbols=user_defined_symbols,
    )
    pieces = len(sentencepiece.SentencePieceProcessor(model_file=str(spm)))
    config_class, model_class = (
        (MT5Config, MT5ForConditionalGeneration) if model_type == "mt5" else (T5Config, T5ForConditionalGeneration)
    )
    config = config_class(
        vocab_size=pieces + 100 + 12,  # real checkpoints, too, have rows beyond their pieces and sentinels
        d_model=32,
        d_kv=8,
        d_ff=64,
        num_layers=2,
        num_decoder_layers=2,
        num_heads=4,
        relative_attention_num_buckets=8,
        relative_attention_max_distance=32,
        dropout_rate=0.0,
        feed_forward_proj=feed_forward_proj,
        tie_word_embeddings=tie_word_embeddings,
        decoder_start_token_id=0,
        pad_token_id=0,
        eos_token_id=1,
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = model_class(config).eval()
        _widen(model)
        output = model.get_output_embeddings().weight
        output[pieces:].zero_()
        output[1] *= END_WEIGHT
    _save(model.to(getattr(torch, dtype)), directory)
    _write_t5_tokenizer(directory, spm, sentinels=0 if user_defined_symbols else 100)
    return directory


def _write_t5_tokenizer(directory: Path, spm: Path, *, sentinels: int) -> None:
    """tokenizer.json beside spiece.model, which transformers reads only where protobuf is installed."""
    from transformers import T5Tokenizer

    processor = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    vocabulary = [(processor.id_to_piece(number), processor.get_score(number)) for number in range(len(processor))]
    vocabulary += [(f"<extra_id_{number}>", 0.0) for number in range(sentinels - 1, -1, -1)]
    T5Tokenizer(vocab=vocabulary, extra_ids=sentinels).save_pretrained(directory)


def _marian_vocabulary(models: Sequence[Path]) -> list[str]:
    """The pieces of all models once each, with </s> and <unk> first and <pad> last."""
    return [*dict.fromkeys(["</s>", "<unk>", *_pieces(models)]), "<pad>"]


def _pieces(models: Sequence[Path]) -> Iterator[str]:
    for path in models:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
        for number in range(len(processor)):
            if not processor.is_control(number) and not processor.is_unknown(number):
                yield processor.id_to_piece(number)


def _marian_model(
    size: int,
    *,
    seed: int,
    layers: tuple[int, int],
    activation: str = "swish",
    dtype: str = "float32",
    positions: int = 512,
) -> Any:
    import torch
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        vocab_size=size,
        decoder_vocab_size=size,
        d_model=32,
        encoder_layers=layers[0],
        decoder_layers=layers[1],
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=64,
        decoder_ffn_dim=64,
        activation_function=activation,
        max_position_embeddings=positions,
        scale_embedding=True,
        dropout=0.0,
        pad_token_id=size - 1,
        decoder_start_token_id=size - 1,
        bos_token_id=0,
        eos_token_id=0,
        forced_eos_token_id=0,
    )
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = MarianMTModel(config).eval()
        _widen(model)
        # CTranslate2 starts the decoder from a zero embedding, transformers from the row of <pad>: see opus-mt's files.
        model.model.shared.weight[-1].zero_()
        model.model.decoder.layers[-1].final_layer_norm.weight *= 3.0
        model.final_logits_bias[0, 1:-1].normal_(std=0.5)
        model.final_logits_bias[0, 0] = END_BIAS
    generation = model.generation_config
    generation.bad_words_ids = [[size - 1]]
    generation.num_beams = 4
    generation.max_length = 512
    generation.renormalize_logits = True
    return model.to(getattr(torch, dtype))


def _widen(model: Any) -> None:
    """Larger weights than a fresh model has: what it writes then depends on what it reads, and does not run in circles.

    Where the output layer is tied, the path from a token to itself has to be weak beside all others.
    """
    for name, weight in model.named_parameters():
        if weight.dim() == 2 and "embed_positions" not in name:
            weight.normal_(std=_spread(name) * weight.shape[1] ** -0.5)


def _spread(name: str) -> float:
    if name.endswith("out_proj.weight"):
        return 0.5 if "self_attn" in name else 0.8
    if name.endswith(("fc2.weight", ".wo.weight", ".o.weight")):
        return 5.0
    if "shared" in name:
        return 0.8
    return 2.2 if "lm_head" in name else 1.6


def _write_marian_vocabulary(directory: Path, vocabulary: Sequence[str]) -> None:
    numbers = {piece: number for number, piece in enumerate(vocabulary)}
    (directory / "vocab.json").write_text(json.dumps(numbers, indent=2), encoding="utf-8")
    tokenizer = {
        "source_lang": "de",
        "target_lang": "en",
        "tokenizer_class": "MarianTokenizer",
        "model_max_length": 512,
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": "<pad>",
        "separate_vocabs": False,
        "clean_up_tokenization_spaces": False,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(tokenizer), encoding="utf-8")


def _save(model: Any, directory: Path) -> None:
    model.save_pretrained(directory)
    for path in directory.iterdir():
        path.chmod(0o644)  # safetensors leaves weights readable by their owner alone
