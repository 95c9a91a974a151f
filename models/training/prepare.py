"""From aligned files to packed token arrays: read, filter, check against the scoring sets, mix, encode."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.training.config import CorpusShare, DataConfig, Recipe
from models.training.corpora import Pair, fold_pair, read_corpus
from models.training.entities import generate_entities
from models.training.filters import comparable, deduplicate, keep_good
from models.training.leakage import LeakageReport, ScoringSentences
from models.training.newsroom import join_neighbours, make_kickers, make_quotations, shared_names
from models.training.numerals import generate_numerals
from models.training.packing import PackedPairs, pack, write_packed
from models.training.vocabulary import Vocabulary, train_vocabulary

__all__ = ["PREPARED_FILE", "VOCABULARY_FILE", "prepare"]

PREPARED_FILE = "prepared.json"
VOCABULARY_FILE = "joint.spm"
HELD_OUT = "held-out"


@dataclass
class Prepared:
    """What went in and what came out, for the card."""

    corpora: dict[str, dict[str, Any]] = field(default_factory=dict)
    generated: dict[str, int] = field(default_factory=dict)
    mixtures: dict[str, dict[str, Any]] = field(default_factory=dict)
    leakage: dict[str, Any] = field(default_factory=dict)
    held_out: int = 0


def prepare(
    recipe: Recipe, corpora: Path, run: Path, *, scoring: Iterable[Path] = (), vocabulary: Path | None = None
) -> Prepared:
    """Fill `run` with joint.spm, MIXTURE.npz for each mixture, the held-out slice and prepared.json.

    `scoring`: directories with source.de and reference*.en that nothing may be taken from; `vocabulary`: a
    SentencePiece model to use in place of a new one.
    """
    run.mkdir(parents=True, exist_ok=True)
    record, leakage = Prepared(), LeakageReport()
    sentences = ScoringSentences(scoring, share=recipe.data.near_duplicate_share)
    texts = _read_all(recipe.data, corpora, sentences, record, leakage)
    held_out = _hold_out(texts, recipe.data)
    record.held_out = len(held_out)
    _write_held_out(run / HELD_OUT, held_out)
    texts |= _generate(recipe.data, texts, record)
    words = _vocabulary(recipe, texts, run, vocabulary)
    for name, shares in recipe.data.mixtures.items():
        packed, counts = _mix(shares, texts, words, recipe.data)
        write_packed(run / f"{name}.npz", packed)
        record.mixtures[name] = {
            "pairs": len(packed),
            "source pieces": int(packed.source_lengths.sum()),
            "target pieces": int(packed.target_lengths.sum()),
            "shares": counts,
        }
        print(f"{name}: {len(packed):,} pairs, {record.mixtures[name]['target pieces']:,} target pieces", flush=True)
    record.leakage = asdict(leakage)
    print(leakage, flush=True)
    (run / PREPARED_FILE).write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False), encoding="utf-8")
    return record


def _read_all(
    data: DataConfig, corpora: Path, scoring: ScoringSentences, record: Prepared, leakage: LeakageReport
) -> dict[str, list[Pair]]:
    wanted = {share.corpus for shares in data.mixtures.values() for share in shares} - set(data.generated)
    texts, seen = {}, set[Pair]()
    for name in sorted(wanted):
        read = [fold_pair(pair) for pair in read_corpus(corpora, name)]
        good, faults = keep_good(read, max_words=data.max_words, max_ratio=data.max_ratio)
        unique = deduplicate(good, seen)
        texts[name] = scoring.clean(unique, leakage)
        record.corpora[name] = {
            "read": len(read),
            "faults": dict(faults.most_common()),
            "duplicates": len(good) - len(unique),
            "scoring sentences": len(unique) - len(texts[name]),
            "kept": len(texts[name]),
        }
        print(f"{name}: read {len(read):,}, kept {len(texts[name]):,}; {dict(faults)}", flush=True)
    return texts


def _hold_out(texts: dict[str, list[Pair]], data: DataConfig) -> list[Pair]:
    """The last pairs of the held-out corpus, taken out of every corpus on either side."""
    if data.held_out_corpus not in texts or not data.held_out_pairs:
        return []
    held_out = texts[data.held_out_corpus][-data.held_out_pairs :]
    sources = {comparable(pair.source) for pair in held_out}
    targets = {comparable(pair.target) for pair in held_out}
    for name, pairs in texts.items():
        texts[name] = [
            pair for pair in pairs if comparable(pair.source) not in sources and comparable(pair.target) not in targets
        ]
    return held_out


def _write_held_out(directory: Path, pairs: Sequence[Pair]) -> None:
    directory.mkdir(exist_ok=True)
    for name, side in (("source.de", 0), ("reference.en", 1)):
        (directory / name).write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")


def _generate(data: DataConfig, texts: dict[str, list[Pair]], record: Prepared) -> dict[str, list[Pair]]:
    rng = random.Random(data.seed)
    news = texts.get(data.held_out_corpus) or [pair for pairs in texts.values() for pair in pairs]
    names = shared_names(news) or ["Schmidt"]
    makers = {
        "numerals": lambda count: generate_numerals(count, rng),
        "entities": lambda count: generate_entities(count, rng, names),
        "kickers": lambda count: make_kickers(news, count, rng),
        "quotations": lambda count: make_quotations(news, count, rng, names),
    }
    unknown = set(data.generated) - set(makers)
    if unknown:
        raise ValueError(f"no generator {', '.join(sorted(unknown))}: expected {', '.join(makers)}")
    made = {kind: makers[kind](count) for kind, count in data.generated.items()}
    record.generated = {kind: len(pairs) for kind, pairs in made.items()}
    return made


def _vocabulary(recipe: Recipe, texts: dict[str, list[Pair]], run: Path, given: Path | None) -> Vocabulary:
    path = run / VOCABULARY_FILE
    if given is not None:
        path.write_bytes(given.read_bytes())
    elif not path.exists():
        mixture = recipe.data.mixtures[recipe.data.vocabulary_mixture or next(iter(recipe.data.mixtures))]
        lines = (text for share in mixture for pair in texts[share.corpus] for text in pair)
        train_vocabulary(lines, path, size=recipe.model.vocabulary_size)
    vocabulary = Vocabulary(path)
    if vocabulary.size != recipe.model.vocabulary_size:
        raise ValueError(f"{path} has {vocabulary.size} pieces, the recipe {recipe.model.vocabulary_size}")
    return vocabulary


def _mix(
    shares: Sequence[CorpusShare], texts: dict[str, list[Pair]], vocabulary: Vocabulary, data: DataConfig
) -> tuple[PackedPairs, dict[str, int]]:
    rng = random.Random(data.seed)
    sources: list[list[int]] = []
    targets: list[list[int]] = []
    counts: Counter[str] = Counter()
    for share in shares:
        for sampled, pairs in _share(share, texts[share.corpus], data, rng):
            encoded = _encode(pairs, vocabulary, data, sampled=sampled)
            counts[share.corpus] += len(encoded)
            sources += [source for source, _ in encoded]
            targets += [target for _, target in encoded]
    return pack(sources, targets), dict(counts)


def _share(
    share: CorpusShare, pairs: list[Pair], data: DataConfig, rng: random.Random
) -> Iterable[tuple[bool, list[Pair]]]:
    """The pairs of one corpus for one mixture: (whether to sample their segmentation, pairs)."""
    joined = join_neighbours(pairs, share.joined, rng)
    chosen = rng.sample(pairs, share.at_most) if 0 < share.at_most < len(pairs) else pairs
    yield False, chosen + joined
    for _ in range(share.copies - 1):
        yield data.sampling_alpha > 0, chosen


def _encode(
    pairs: list[Pair], vocabulary: Vocabulary, data: DataConfig, *, sampled: bool
) -> list[tuple[list[int], list[int]]]:
    german = [pair.source for pair in pairs]
    sources = vocabulary.sample(german, data.sampling_alpha) if sampled else vocabulary.encode(german)
    targets = vocabulary.encode([pair.target for pair in pairs])
    return [
        (source, target)
        for source, target in zip(sources, targets, strict=True)
        if 0 < len(source) <= data.max_pieces and 0 < len(target) <= data.max_pieces
    ]
