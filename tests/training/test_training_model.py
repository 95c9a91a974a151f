"""The network beside transformers' MarianMTModel, its loss and its optimiser."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.nn import functional

from models.training.alignment import bilingual_embeddings, guide_links, run_aligner
from models.training.batches import make_batch, plan_epoch
from models.training.config import ModelConfig
from models.training.export import export
from models.training.network import Network, Output
from models.training.optimizer import Optimizer, orthogonalise
from models.training.packing import NO_LINK, pack
from models.training.vocabulary import Vocabulary, train_vocabulary
from newsmt.backends.pretokenization import separate

SHAPE = ModelConfig(d_model=32, feed_forward=48, heads=2, encoder_layers=2, decoder_layers=2, vocabulary_size=480)


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory, toy_pairs) -> Vocabulary:
    path = tmp_path_factory.mktemp("vocabulary") / "joint.spm"
    train_vocabulary((text for pair in toy_pairs for text in pair), path, size=SHAPE.vocabulary_size)
    return Vocabulary(path)


def trained_looking(seed: int) -> Network:
    """A network whose every weight is far from its start, as after training."""
    torch.manual_seed(seed)
    network = Network(SHAPE)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight) * 0.3)
        network.shared.weight[network.pad] = 0
    # Export is in float16: start from what float16 can hold.
    network.load_state_dict({name: tensor.half().float() for name, tensor in network.state_dict().items()})
    return network.eval()


def test_vocabulary_has_pad_last_and_comes_back(vocabulary, toy_pairs):
    tokens = vocabulary.tokens()
    assert (tokens[0], tokens[1], tokens[-1]) == ("</s>", "<unk>", "<pad>")
    assert vocabulary.pad == len(tokens) - 1 == SHAPE.vocabulary_size - 1
    texts = [pair.source for pair in toy_pairs[:20]] + ["Ωmega 漢字"]
    ids = vocabulary.encode(texts)
    assert [vocabulary.decode([*row, vocabulary.end, 5, 5]) for row in ids] == texts
    assert not [row for row in ids if vocabulary.pad in row or vocabulary.end in row or vocabulary.unknown in row]
    sampled = vocabulary.sample(texts, 0.1)
    assert sampled != ids
    assert [vocabulary.decode(row) for row in sampled] == texts


@pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses:UserWarning")
def test_export_gives_marian_with_identical_logits(tmp_path, vocabulary, toy_pairs):
    transformers = pytest.importorskip("transformers")
    network = trained_looking(1)
    export(network.marian_weights(), SHAPE, vocabulary, tmp_path)
    tokenizer = transformers.MarianTokenizer.from_pretrained(tmp_path)
    marian = transformers.MarianMTModel.from_pretrained(tmp_path, dtype=torch.float32).eval()
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in tmp_path.iterdir())

    texts = [pair.source for pair in toy_pairs[::50]]
    ours = vocabulary.encode(texts)
    theirs = tokenizer(list(map(separate, texts)))["input_ids"]
    assert [[*row, vocabulary.end] for row in ours] == theirs

    packed = pack(ours, vocabulary.encode([pair.target for pair in toy_pairs[::50]]))
    batch = make_batch(packed, np.arange(len(packed)), end=vocabulary.end, pad=vocabulary.pad)
    with torch.inference_mode():
        states, _ = network.decode(batch.inputs, *network.encode(batch.sources))
        logits = network.logits(states)
        expected = marian(
            input_ids=batch.sources,
            attention_mask=(batch.sources != vocabulary.pad).long(),
            decoder_input_ids=batch.inputs,
        ).logits
    real = batch.labels != vocabulary.pad
    torch.testing.assert_close(logits[real], expected[real], rtol=1e-4, atol=1e-3)
    assert torch.equal(logits[real].argmax(-1), expected[real].argmax(-1))


def test_checkpoint_loads_back_into_the_network(tmp_path, vocabulary):
    network = trained_looking(2)
    export(network.marian_weights(), SHAPE, vocabulary, tmp_path)
    again = Network(SHAPE)
    again.load_marian(load_file(tmp_path / "model.safetensors"))
    for name, tensor in again.marian_weights().items():
        assert torch.equal(tensor, network.marian_weights()[name]), name


def test_export_in_shards_has_an_index_that_covers_all(tmp_path, vocabulary):
    weights = trained_looking(3).marian_weights()
    export(weights, SHAPE, vocabulary, tmp_path, shard_bytes=40_000)
    index = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert set(index) == set(weights)
    assert len(set(index.values())) > 1
    for file in set(index.values()):
        assert (tmp_path / file).stat().st_size < 60_000
        assert set(load_file(tmp_path / file)) == {name for name in index if index[name] == file}


def test_export_refuses_a_pad_row_that_is_not_zero(tmp_path, vocabulary):
    weights = trained_looking(4).marian_weights()
    weights["model.shared.weight"][-1] = 0.5
    with pytest.raises(ValueError, match="<pad>"):
        export(weights, SHAPE, vocabulary, tmp_path / "model")
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_chunked_loss_and_gradients_equal_the_plain_ones(smoothing):
    torch.manual_seed(0)
    states, embeddings, bias = torch.randn(50, 8), torch.randn(21, 8), torch.randn(21)
    labels = torch.randint(0, 20, (50,))
    parts = [part.clone().requires_grad_() for part in (states, embeddings, bias)]
    loss, plain = Output.apply(*parts, labels, smoothing, 16)
    references = [part.clone().requires_grad_() for part in (states, embeddings, bias)]
    logits = references[0] @ references[1][:20].T + references[2][:20]
    expected = functional.cross_entropy(logits, labels, label_smoothing=smoothing, reduction="sum")
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(plain, functional.cross_entropy(logits, labels, reduction="sum"))
    (3 * loss).backward()
    (3 * expected).backward()
    for part, reference in zip(parts, references, strict=True):
        torch.testing.assert_close(part.grad, reference.grad, rtol=1e-4, atol=1e-5)


def test_padding_changes_nothing(vocabulary, toy_pairs):
    network = trained_looking(5)
    pairs = toy_pairs[:6]
    packed = pack(vocabulary.encode([p.source for p in pairs]), vocabulary.encode([p.target for p in pairs]))
    together = make_batch(packed, np.arange(6), end=vocabulary.end, pad=vocabulary.pad)
    alone = [make_batch(packed, np.array([n]), end=vocabulary.end, pad=vocabulary.pad) for n in range(6)]
    with torch.inference_mode():
        _, whole, _ = network(together.sources, together.inputs, together.labels)
        singles = [network(batch.sources, batch.inputs, batch.labels)[1] for batch in alone]
    torch.testing.assert_close(whole, torch.stack(singles).sum(), rtol=1e-4, atol=1e-3)
    assert together.pieces == sum(batch.pieces for batch in alone) == int((together.labels != vocabulary.pad).sum())


def test_batches_hold_every_pair_once_within_the_budget():
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 60, 500)
    packed = pack([[3] * n for n in lengths], [[4] * n for n in rng.permutation(lengths)])
    plan = plan_epoch(packed, pieces=200, max_pieces=50, seed=1)
    kept = np.sort(np.concatenate(plan))
    longest = np.maximum(packed.source_lengths, packed.target_lengths)
    assert kept.tolist() == np.flatnonzero(longest <= 50).tolist()
    assert all(len(indices) * (longest[indices].max() + 1) <= 200 for indices in plan)
    again = plan_epoch(packed, pieces=200, max_pieces=50, seed=1)
    assert [indices.tolist() for indices in again] == [indices.tolist() for indices in plan]
    other = plan_epoch(packed, pieces=200, max_pieces=50, seed=2)
    assert [indices.tolist() for indices in other] != [indices.tolist() for indices in plan]


def test_inputs_are_labels_shifted_behind_pad():
    batch = make_batch(pack([[3, 4], [5]], [[6], [7, 8]]), np.array([0, 1]), end=0, pad=9)
    assert batch.sources.tolist() == [[3, 4, 0], [5, 0, 9]]
    assert batch.labels.tolist() == [[6, 0, 9], [7, 8, 0]]
    assert batch.inputs.tolist() == [[9, 6, 9], [9, 7, 8]]
    assert batch.pieces == 5


def test_orthogonalise_brings_singular_values_near_one():
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalise(torch.randn(3, 16, 40)))
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_optimizer_state_comes_back():
    def steps(network: Network, optimizer: Optimizer, count: int) -> None:
        generator = torch.Generator().manual_seed(1)
        with ThreadPoolExecutor(1) as pool:
            for _ in range(count):
                for weight in optimizer.parameters:
                    weight.grad = torch.randn(weight.shape, generator=generator)
                optimizer.step(0.5, pool)

    first = trained_looking(6)
    optimizer = Optimizer(first, muon_rate=0.01, adam_rate=0.01)
    steps(first, optimizer, 3)
    second = Network(SHAPE)
    second.load_state_dict(first.state_dict())
    resumed = Optimizer(second, muon_rate=0.01, adam_rate=0.01)
    resumed.load(optimizer.state())
    before = first.shared.weight.clone()
    steps(first, optimizer, 2)
    steps(second, resumed, 2)
    assert not torch.equal(before, first.shared.weight)
    for name, tensor in second.state_dict().items():
        assert torch.equal(tensor, first.state_dict()[name]), name


def test_guides_prefer_links_found_both_ways():
    packed = pack([[10, 11, 12], [13]], [[20, 21, 22], [23]])
    forward = [[(0, 0), (2, 1)], []]
    backward = [[(0, 0), (1, 1), (2, 2)], []]
    links, pairs = guide_links(packed, forward, backward)
    assert links.tolist() == [0, 2, 2, NO_LINK]
    assert pairs.tolist() == [[10, 20]]


def test_linked_pieces_start_close():
    pairs = np.array([[3, 7]] * 10 + [[4, 8]] * 10 + [[3, 8]])
    embeddings = bilingual_embeddings(pairs, 12, 256, seed=0)
    np.testing.assert_allclose(np.linalg.norm(embeddings, axis=1), 1, rtol=1e-5)
    assert embeddings[3] @ embeddings[7] > 0.8
    assert embeddings[4] @ embeddings[8] > 0.8
    assert abs(embeddings[3] @ embeddings[8]) < 0.4


def test_aligner_runs_as_a_program_of_its_own(tmp_path):
    aligner = tmp_path / "aligner"
    aligner.write_text(
        "#!/bin/sh\n"
        "while [ $# -gt 0 ]; do case $1 in -s) s=$2; shift;; -f) f=$2; shift;; -r) r=$2; shift;; esac; shift; done\n"
        'while read -r line; do echo "0-0"; done < $s > $f\n'
        "cp $f $r\n"
    )
    aligner.chmod(0o755)
    forward, backward = run_aligner(pack([[5, 6], [7]], [[8], [9]]), aligner=str(aligner))
    assert forward == backward == [[(0, 0)], [(0, 0)]]
    aligner.write_text("#!/bin/sh\necho no memory >&2\nexit 3\n")
    with pytest.raises(OSError, match="ended with 3: no memory"):
        run_aligner(pack([[5]], [[8]]), aligner=str(aligner))
