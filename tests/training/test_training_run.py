"""The recipe from corpora to card on a toy language: it must learn it by heart, stop and go on at any step."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import os
import signal
import time
from pathlib import Path

import pytest
import torch

from models.training import train
from models.training.__main__ import main
from models.training.average import average_runs
from models.training.config import (
    CorpusShare,
    DataConfig,
    ModelConfig,
    Phase,
    Recipe,
    TrainConfig,
    load_recipe,
)
from models.training.corpora import Pair, write_corpus
from models.training.prepare import prepare
from models.training.records import load_checkpoint
from models.training.scoring import (
    TestText,
    read_text_set,
    score_checkpoint,
    share_of_numbers_kept,
    share_of_words_left,
)
from models.training.train import TrainingRun, next_deadline

RECIPES = sorted((Path(__file__).resolve().parents[2] / "models" / "training").glob("*.toml"))

TOY = Recipe(
    name="toy",
    description="A toy",
    model=ModelConfig(
        d_model=96,
        feed_forward=128,
        heads=2,
        encoder_layers=1,
        decoder_layers=1,
        vocabulary_size=500,
        max_positions=128,
    ),
    data=DataConfig(
        mixtures={"all": (CorpusShare("toy"), CorpusShare("numerals"))},
        held_out_corpus="toy",
        held_out_pairs=20,
        generated={"numerals": 40},
    ),
    train=TrainConfig(
        phases=(Phase("all", "all", steps=300, factor_to=0.02, batch_pieces=300),),
        muon_rate=0.02,
        adam_rate=2e-3,
        warm_up_steps=10,
        label_smoothing=0.0,
        average_decay=0.9,
        score_minutes=1000,
        scored_lines=10,
    ),
    licences={"toy": "Written for the tests", "numerals": "Generated"},
    weaknesses=("Knows a few dozen words.",),
)


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory, toy_pairs) -> Path:
    """A prepared folder; `toy` has every eleventh sentence and, as its last pairs, held-out ones."""
    corpora = tmp_path_factory.mktemp("corpora")
    scoring = tmp_path_factory.mktemp("scoring")
    pairs = toy_pairs[::11]
    (scoring / "source.de").write_text(pairs[3].source + "\n", encoding="utf-8")
    (scoring / "reference.en").write_text("Something else\n", encoding="utf-8")
    write_corpus(corpora, "toy", [*pairs, pairs[0], Pair("", "broken")])
    run = tmp_path_factory.mktemp("run")
    prepare(TOY, corpora, run, scoring=[scoring])
    return run


def with_steps(steps: int, recipe: Recipe = TOY) -> Recipe:
    """The toy recipe with so many steps on one worker, where sums come in one order."""
    phases = (dataclasses.replace(recipe.train.phases[0], steps=steps),)
    return dataclasses.replace(recipe, train=dataclasses.replace(recipe.train, phases=phases))


def copy_of(run: Path, destination: Path) -> Path:
    destination.mkdir()
    for path in run.rglob("*"):
        target = destination / path.relative_to(run)
        target.mkdir() if path.is_dir() else target.write_bytes(path.read_bytes())
    return destination


def test_prepare_records_what_it_did(toy_run):
    record = json.loads((toy_run / "prepared.json").read_text(encoding="utf-8"))
    toy = record["corpora"]["toy"]
    assert toy["faults"] == {"empty": 1}
    assert toy["duplicates"] == 1
    assert toy["scoring sentences"] == 1
    assert record["leakage"]["exact"] == 1
    assert record["generated"] == {"numerals": 40}
    assert record["held_out"] == 20
    held_out = read_text_set(toy_run / "held-out")
    assert len(held_out.sources) == 20
    assert record["mixtures"]["all"]["shares"] == {"toy": toy["kept"] - 20, "numerals": 40}
    assert record["mixtures"]["all"]["pairs"] == toy["kept"] + 20


@pytest.fixture(scope="module")
def trained(toy_run, tmp_path_factory) -> Path:
    run = copy_of(toy_run, tmp_path_factory.mktemp("trained") / "run")
    progress = TrainingRun(TOY, run).train()
    assert (progress.phase, progress.step) == (1, 300)
    return run


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory) -> Path:
    from models.training.export import export_run

    directory = tmp_path_factory.mktemp("exported")
    export_run(TOY, trained, directory)
    return directory


def test_training_learns_the_toy_by_heart(exported, toy_pairs, toy_run):
    held_out = set(read_text_set(toy_run / "held-out").sources)
    known = [pair for n, pair in enumerate(toy_pairs[::11]) if n != 3 and pair.source not in held_out]
    text = TestText(tuple(pair.source for pair in known), tuple(pair.target for pair in known))
    assert score_checkpoint(exported, text).bleu > 95
    assert score_checkpoint(exported, text, beam_size=4).bleu > 95


def test_curve_has_a_scored_last_line_and_a_plot(trained, tmp_path):
    with (trained / "curve.csv").open(encoding="utf-8") as file:
        points = list(csv.DictReader(file))
    last = points[-1]
    assert int(last["step"]) == 300
    assert int(last["pairs"]) > 300
    assert float(last["perplexity"]) < 50
    assert float(last["bleu"]) > 8
    pytest.importorskip("matplotlib", reason="Matplotlib is a dependency of the recipe only")
    from models.training.records import plot_curve

    plot_curve(trained, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_finished_run_has_nothing_left_to_do(trained):
    before = load_checkpoint(trained)
    assert TrainingRun(TOY, trained).train().step == 300
    after = load_checkpoint(trained)
    assert all(torch.equal(after["network"][name], before["network"][name]) for name in before["network"])


def test_export_tells_the_library_what_the_model_needs(exported, trained, tmp_path):
    from models.training.export import export_run

    assert json.loads((exported / "newsmt.json").read_text(encoding="utf-8")) == {
        "normalization": "ascii",
        "pretokenization": "separated",
    }
    export_run(dataclasses.replace(TOY, segment_tokens=60), trained, tmp_path, raw=True)
    facts = json.loads((tmp_path / "newsmt.json").read_text(encoding="utf-8"))
    assert facts == {"normalization": "ascii", "pretokenization": "separated", "segment_tokens": 60}
    assert (tmp_path / "model.safetensors").read_bytes() != (exported / "model.safetensors").read_bytes()


def test_card_is_made_from_the_records(trained, exported, tmp_path):
    from models.training.card import measure, write_card
    from models.training.records import write_json

    write_json(tmp_path / "scores.json", measure(exported, [trained / "held-out"]))
    history = {
        "runs": [
            {
                "what": "draft",
                "hours": 1.0,
                "steps": 7,
                "pairs": 100,
                "pieces": 1000,
                "hardware": "abacus",
                "corpora": {"old": "CC0"},
            }
        ]
    }
    write_json(tmp_path / "history.json", history)
    write_card(TOY, trained, exported, scores=tmp_path / "scores.json", history=tmp_path / "history.json")
    card = json.loads((exported / "card.json").read_text(encoding="utf-8"))
    progress = load_checkpoint(trained)["progress"]
    assert card["training"]["pairs seen in all"] == 100 + progress["pairs"]
    assert card["training"]["pieces seen in all"] == 1000 + progress["pieces"]
    assert card["data"]["corpora"]["toy"]["licence"] == "Written for the tests"
    page = (exported / "README.md").read_text(encoding="utf-8")
    found = card["scores"]["sets"]["held-out"]["greedy"]
    assert f"| held-out | greedy | {found['BLEU']} | {found['chrF']} | {found['numbers kept']:.1%} |" in page
    assert "- Knows a few dozen words." in page
    assert page.endswith("Earlier runs also used:\n\n- old: CC0\n")
    assert "| draft | 1.0 | 7 | 100 | 1,000 | abacus |" in page
    with pytest.raises(ValueError, match="no licence in the recipe for toy"):
        write_card(
            dataclasses.replace(TOY, licences={"numerals": "Generated"}),
            trained,
            exported,
            scores=tmp_path / "scores.json",
        )


def test_stopped_run_goes_on_to_the_same_weights(toy_run, tmp_path):
    recipe = with_steps(8)
    whole = copy_of(toy_run, tmp_path / "whole")
    TrainingRun(recipe, whole, threads=1).train()
    parts = copy_of(toy_run, tmp_path / "parts")
    first = TrainingRun(recipe, parts, threads=1)
    stop_after(first, 3)
    assert first.train().step == 3
    assert TrainingRun(recipe, parts, threads=1).train().step == 8
    expected, got = load_checkpoint(whole), load_checkpoint(parts)
    for name in expected["network"]:
        assert torch.equal(got["network"][name], expected["network"][name]), name
        assert torch.equal(got["average"][name], expected["average"][name]), name
    ignored = {"seconds"}
    progress = [
        {key: value for key, value in state["progress"].items() if key not in ignored} for state in (expected, got)
    ]
    assert progress[0] == progress[1]


def stop_after(run: TrainingRun, steps: int) -> None:
    """SIGTERM to this process after so many steps."""
    advance = run._advance

    def advance_and_stop(seconds: float) -> None:
        advance(seconds)
        if run.progress.step == steps:
            os.kill(os.getpid(), signal.SIGTERM)

    run._advance = advance_and_stop


def test_workers_share_a_step_without_changing_it(toy_run, tmp_path):
    recipe = with_steps(3)
    states = []
    for threads in (1, 3):
        run = copy_of(toy_run, tmp_path / f"threads-{threads}")
        training = TrainingRun(recipe, run, threads=threads)
        batches = [next(TrainingRun(recipe, run, threads=1)._steps())]
        training._steps = lambda batches=batches: iter(batches * 3)
        training.train()
        states.append(load_checkpoint(run)["network"])
    for name in states[0]:
        torch.testing.assert_close(states[0][name], states[1][name], rtol=1e-2, atol=2e-3)


def test_shares_of_what_goes_wrong_are_counted():
    text = TestText(
        ("Die Bundesanstalt zahlt 2.000 Euro und 7,5 Prozent an Obama.",), ("The agency pays 2,000 to Obama.",)
    )
    hypotheses = ["The Bundesanstalt pays 2,000 euros to Obama."]
    assert share_of_numbers_kept(text.sources, hypotheses) == 0.5
    # Bundesanstalt of Bundesanstalt, euros and Obama.
    assert share_of_words_left(text, hypotheses) == pytest.approx(1 / 3)
    assert share_of_numbers_kept(["Ja."], ["Yes."]) == 1


def test_bfloat16_gives_nearly_the_same_gradients(toy_run):
    """What a GPU would do, slowly."""
    run = TrainingRun(TOY, toy_run, threads=1)
    batch = next(run._steps())[0]
    run.half = False
    exact, loss, _ = run._differentiate(batch, batch.pieces, 0.0)
    run.half = True
    rough, half_loss, _ = run._differentiate(batch, batch.pieces, 0.0)
    assert half_loss == pytest.approx(loss, rel=0.01)
    assert {gradient.dtype for gradient in rough} == {torch.float32}
    similar = torch.cosine_similarity(
        torch.cat([g.flatten() for g in exact]), torch.cat([g.flatten() for g in rough]), 0
    )
    assert similar > 0.99


def test_pad_stays_at_zero(trained):
    state = load_checkpoint(trained)
    assert not state["network"]["shared.weight"][-1].any()
    assert not state["average"]["shared.weight"][-1].any()


def test_guided_attention_learns_the_links(toy_run, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "REPORT_SECONDS", 0)
    from models.training.packing import NO_LINK, PackedPairs, read_packed, write_packed

    run = copy_of(toy_run, tmp_path / "run")
    packed = read_packed(run / "all.npz")
    links = [
        min(place, packed.source_lengths[n] - 1)
        for n in range(len(packed))
        for place in range(packed.target_lengths[n])
    ]
    import numpy as np

    arrays = (packed.sources, packed.targets, packed.source_lengths, packed.target_lengths)
    write_packed(run / "all.npz", PackedPairs(*arrays, np.array(links, np.uint8).clip(max=NO_LINK - 1)))
    guided = with_steps(40)
    guided = dataclasses.replace(guided, train=dataclasses.replace(guided.train, guide_weight=1.0))
    TrainingRun(guided, run).train()
    with (run / "curve.csv").open(encoding="utf-8") as file:
        losses = [float(point["guide_loss"]) for point in csv.DictReader(file)]
    assert losses[-1] < 0.7 * losses[0]


def test_average_is_the_mean_and_starts_a_new_run(trained, tmp_path):
    average_runs(tmp_path / "mean", [trained, trained])
    state, source = load_checkpoint(tmp_path / "mean"), load_checkpoint(trained)
    for name, tensor in source["average"].items():
        torch.testing.assert_close(state["average"][name], tensor)
    assert state["progress"]["step"] == 300
    with pytest.raises(ValueError, match="holds a checkpoint already"):
        average_runs(tmp_path / "mean", [trained])
    with pytest.raises(FileNotFoundError, match="holds no checkpoint"):
        average_runs(tmp_path / "other", [tmp_path])


def test_deadline_scales_the_phases(toy_run, tmp_path):
    phases = (Phase("one", "all", minutes=30), Phase("two", "all", minutes=90))
    recipe = dataclasses.replace(TOY, train=dataclasses.replace(TOY.train, phases=phases))
    run = TrainingRun(recipe, copy_of(toy_run, tmp_path / "run"), deadline=time.time() + 60 * 60)
    assert run._haste() == pytest.approx(2, rel=0.01)
    run._advance(60 * 7.5)
    assert run.progress.done == pytest.approx(0.5, rel=0.01)
    run.deadline = None
    run._advance(60 * 15)
    assert (run.progress.phase, run.progress.done) == (1, 0.0)


def test_next_deadline_is_today_or_tomorrow():
    noon = datetime.datetime(2026, 11, 24, 12, 0)
    assert next_deadline("20:50", noon) == datetime.datetime(2026, 11, 24, 20, 50).timestamp()
    assert next_deadline("11:00", noon) == datetime.datetime(2026, 11, 25, 11, 0).timestamp()


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_recipes_load_and_name_a_licence_for_all_they_use(path):
    recipe = load_recipe(path)
    used = {share.corpus for shares in recipe.data.mixtures.values() for share in shares}
    assert used <= set(recipe.licences)
    assert recipe.train.phases[-1].mixture == "news"


def test_misspelt_settings_are_refused(tmp_path, capsys):
    good = RECIPES[0].read_text(encoding="utf-8")
    bad = tmp_path / "bad.toml"
    bad.write_text(good.replace("warm_up_steps", "warmup_steps"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"bad\.toml: unknown setting warmup_steps of TrainConfig"):
        load_recipe(bad)
    assert main(["train", str(bad), str(tmp_path)]) == 1
    assert "warmup_steps" in capsys.readouterr().err


def test_phase_needs_minutes_or_steps():
    with pytest.raises(ValueError, match="either minutes or steps"):
        Phase("idle", "all")
    with pytest.raises(ValueError, match="either minutes or steps"):
        Phase("both", "all", minutes=1, steps=1)
