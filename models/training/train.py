"""One training run, on the processor or one GPU, that can be stopped at any step and goes on where it was."""

from __future__ import annotations

import datetime
import math
import queue
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from models.training.batches import Batch, make_batch, plan_epoch
from models.training.config import Phase, Recipe
from models.training.export import export
from models.training.network import Network, as_marian
from models.training.optimizer import Optimizer
from models.training.packing import NO_LINK, PackedPairs, read_packed
from models.training.prepare import HELD_OUT, VOCABULARY_FILE
from models.training.records import CurvePoint, append_point, load_checkpoint, save_checkpoint
from models.training.scoring import read_text_set, score_checkpoint
from models.training.vocabulary import Vocabulary

__all__ = ["Progress", "TrainingRun", "next_deadline"]

EMBEDDINGS_FILE = "embeddings.npy"
REPORT_SECONDS = 60.0
# Rows of logits made at once: on a processor what its cache holds, on a GPU what fills it.
OUTPUT_ROWS = {"cpu": 384, "cuda": 8192}
# A step that took longer was suspended (SIGSTOP, a machine asleep), which is no training.
LONGEST_STEP = 120.0


@dataclass
class Progress:
    """Where a run is. `done`: share of the present phase; `fresh_steps`: steps since the optimiser's state was new."""

    step: int = 0
    pairs: int = 0
    pieces: int = 0
    seconds: float = 0.0
    phase: int = 0
    done: float = 0.0
    epoch: int = 0
    position: int = 0
    fresh_steps: int = 0


@dataclass
class _Tally:
    """Sums since the last report."""

    loss: float = 0.0
    guide: float = 0.0
    pieces: int = 0
    steps: int = 0
    started: float = field(default_factory=time.monotonic)


class TrainingRun:
    """A run in a folder that `prepare` filled.

    On a processor the batch of a step is cut into pieces that `threads` workers take from a queue, each with one
    thread: a core that other programs want costs only its own share, where threads that share one matrix product all
    wait for the slowest. On a GPU there is one worker and bfloat16.
    """

    def __init__(self, recipe: Recipe, run: Path, *, threads: int = 2, deadline: float | None = None) -> None:
        self.recipe, self.run, self.deadline = recipe, run, deadline
        self.settings = recipe.train
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.half = self.device == "cuda" or _has_fast_bfloat16()
        self.threads = threads if self.device == "cpu" else 1
        self.vocabulary = Vocabulary(run / VOCABULARY_FILE)
        torch.manual_seed(self.settings.seed)
        self.network = self._new_network().to(self.device)
        self.optimizer = Optimizer(self.network, muon_rate=self.settings.muon_rate, adam_rate=self.settings.adam_rate)
        self.progress = Progress()
        self.average = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}
        self._resume()
        self._stop = threading.Event()
        self._packed: dict[str, PackedPairs] = {}

    def train(self) -> Progress:
        """Train to the end of the last phase, or until SIGTERM or SIGINT, and leave a checkpoint either way."""
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with ThreadPoolExecutor(self.threads, initializer=_one_thread) as pool, _stopping(self._stop):
                self._loop(pool)
        finally:
            torch.set_num_threads(before)
        self._save()
        return self.progress

    def _loop(self, pool: ThreadPoolExecutor) -> None:
        saved = scored = time.monotonic()
        tally = _Tally()
        steps = self._steps()
        while not self._stop.is_set() and self.progress.phase < len(self.settings.phases):
            started = time.monotonic()
            self._step(next(steps), pool, tally)
            self._advance(min(time.monotonic() - started, LONGEST_STEP))
            now = time.monotonic()
            finished = self.progress.phase == len(self.settings.phases)
            due = now - scored > 60 * self.settings.score_minutes or finished
            if due or now - tally.started > REPORT_SECONDS:
                self._report(tally, scored=due)
                tally = _Tally()
            if due:
                scored = time.monotonic()
            if now - saved > 60 * self.settings.checkpoint_minutes:
                self._save()
                saved = time.monotonic()

    # --- one step

    def _step(self, batches: list[Batch], pool: ThreadPoolExecutor, tally: _Tally) -> None:
        waiting: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        for batch in sorted(batches, key=lambda batch: -batch.labels.numel()):
            waiting.put(batch)
        pieces = sum(batch.pieces for batch in batches)
        weight = self._guide_weight()
        results = list(pool.map(lambda _: self._work(waiting, pieces, weight), range(self.threads)))
        self._gather([gradients for gradients, _, _ in results if gradients])
        torch.nn.utils.clip_grad_norm_(self.optimizer.parameters, self.settings.clip)
        self.optimizer.step(self._rate_factor(), pool)
        self._update_average()
        progress = self.progress
        progress.step += 1
        progress.fresh_steps += 1
        progress.pieces += pieces
        progress.pairs += sum(len(batch.sources) for batch in batches)
        tally.loss += sum(loss for _, loss, _ in results)
        tally.guide += sum(guide for _, _, guide in results)
        tally.pieces += pieces
        tally.steps += 1

    def _work(self, waiting: queue.SimpleQueue[Batch], pieces: int, weight: float) -> tuple[list[Tensor], float, float]:
        """Gradients, loss and guide loss of as many batches of the step as this worker gets hold of."""
        total: list[Tensor] = []
        losses = guides = 0.0
        while True:
            try:
                batch = waiting.get_nowait().to(self.device)
            except queue.Empty:
                return total, losses, guides
            gradients, loss, guide = self._differentiate(batch, pieces, weight)
            losses, guides = losses + loss, guides + guide
            if total:
                torch._foreach_add_(total, gradients)
            else:
                total = gradients

    def _differentiate(self, batch: Batch, pieces: int, weight: float) -> tuple[list[Tensor], float, float]:
        with torch.autocast(self.device, torch.bfloat16, enabled=self.half):
            loss, plain, scores = self.network(
                batch.sources,
                batch.inputs,
                batch.labels,
                smoothing=self.settings.label_smoothing,
                rows=OUTPUT_ROWS[self.device],
            )
            guide = _guide_loss(scores, batch.links) * (batch.pieces / pieces) if weight else loss.new_zeros(())
            objective = loss / pieces + weight * guide
        gradients = torch.autograd.grad(objective, self.optimizer.parameters)
        return list(gradients), float(plain), float(guide.detach())

    @torch.no_grad()
    def _gather(self, parts: list[list[Tensor]]) -> None:
        total = parts[0]
        for part in parts[1:]:
            torch._foreach_add_(total, part)
        for parameter, gradient in zip(self.optimizer.parameters, total, strict=True):
            parameter.grad = gradient
        # CTranslate2 starts the decoder from a zero embedding, so <pad> must stay at zero.
        self.network.shared.weight.grad[self.network.pad] = 0  # type: ignore[index]

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.settings.average_decay, (self.progress.step + 1) / (self.progress.step + 10))
        for name, tensor in self.network.state_dict().items():
            self.average[name].lerp_(tensor, 1 - decay)

    # --- schedule

    def _rate_factor(self) -> float:
        phase = self.settings.phases[self.progress.phase]
        factor = phase.factor_from + (phase.factor_to - phase.factor_from) * self.progress.done
        return factor * min(1.0, (self.progress.fresh_steps + 1) / self.settings.warm_up_steps)

    def _guide_weight(self) -> float:
        falling = max(self.settings.guide_floor, 1 - self.progress.step / self.settings.guide_steps)
        return self.settings.guide_weight * falling

    def _advance(self, seconds: float) -> None:
        progress, phases = self.progress, self.settings.phases
        progress.seconds += seconds
        phase = phases[progress.phase]
        progress.done += 1 / phase.steps if phase.steps else seconds / (60 * phase.minutes) * self._haste()
        if progress.done >= 1 - 1e-9:
            progress.phase, progress.done, progress.epoch, progress.position = progress.phase + 1, 0.0, 0, 0

    def _haste(self) -> float:
        """How much faster than planned the phases must go by to end at the deadline."""
        if self.deadline is None:
            return 1.0
        phases = self.settings.phases[self.progress.phase :]
        # Phases counted in steps have no minutes: they take what they take.
        planned = 60 * (sum(phase.minutes for phase in phases) - self.progress.done * phases[0].minutes)
        return planned / max(1.0, self.deadline - time.time())

    # --- data

    def _steps(self) -> Iterator[list[Batch]]:
        """The batches of each step, one after another, from where the run is; never ends."""
        while True:
            phase, number = self.settings.phases[self.progress.phase], self.progress.phase
            packed = self._mixture(phase)
            part = phase.batch_pieces if self.device == "cuda" else max(phase.batch_pieces // (2 * self.threads), 1)
            per_step = max(1, round(phase.batch_pieces / part))
            seed = hash((self.settings.seed, number, self.progress.epoch)) & 0x7FFFFFFF
            plan = plan_epoch(packed, pieces=part, max_pieces=phase.max_pieces, seed=seed)
            if not plan:
                raise ValueError(
                    f"phase {phase.name!r}: no pair of at most {phase.max_pieces} pieces in {phase.mixture}"
                )
            while self.progress.position < len(plan):
                chosen = plan[self.progress.position : self.progress.position + per_step]
                self.progress.position += per_step
                yield [
                    make_batch(packed, indices, end=self.vocabulary.end, pad=self.vocabulary.pad) for indices in chosen
                ]
                if self.progress.phase != number:
                    break
            else:
                self.progress.epoch, self.progress.position = self.progress.epoch + 1, 0
            if self.progress.phase >= len(self.settings.phases):
                return

    def _mixture(self, phase: Phase) -> PackedPairs:
        if phase.mixture not in self._packed:
            self._packed = {phase.mixture: read_packed(self.run / f"{phase.mixture}.npz")}
        return self._packed[phase.mixture]

    # --- records

    def _report(self, tally: _Tally, *, scored: bool) -> None:
        progress = self.progress
        phase = self.settings.phases[min(progress.phase, len(self.settings.phases) - 1)]
        score = self._score() if scored else None
        point = CurvePoint(
            when=datetime.datetime.now().isoformat(timespec="seconds"),
            phase=phase.name,
            step=progress.step,
            hours=round(progress.seconds / 3600, 4),
            pairs=progress.pairs,
            pieces=progress.pieces,
            rate_factor=round(
                self._rate_factor() if progress.phase < len(self.settings.phases) else phase.factor_to, 4
            ),
            perplexity=round(math.exp(min(50.0, tally.loss / tally.pieces)), 3),
            pieces_per_second=round(tally.pieces / (time.monotonic() - tally.started), 1),
            guide_loss=round(tally.guide / tally.steps, 4) if self.settings.guide_weight else None,
            bleu=score and round(score.bleu, 2),
            chrf=score and round(score.chrf, 2),
        )
        append_point(self.run, point)
        print(point, *(score.samples if score else ()), sep="\n  ", flush=True)

    def _score(self) -> Any:
        held_out = self.run / HELD_OUT
        if not (held_out / "source.de").exists() or not (held_out / "source.de").stat().st_size:
            return None
        with tempfile.TemporaryDirectory() as directory:
            export(as_marian(self.average), self.recipe.model, self.vocabulary, Path(directory))
            text = read_text_set(held_out, lines=self.settings.scored_lines)
            return score_checkpoint(Path(directory), text, threads=self.threads)

    def _save(self) -> None:
        state = {
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state(),
            "progress": vars(self.progress),
        }
        save_checkpoint(self.run, state)

    def _resume(self) -> None:
        state = load_checkpoint(self.run)
        if state is None:
            return
        self.network.load_state_dict(state["network"])
        for name, tensor in state["average"].items():
            self.average[name].copy_(tensor)
        self.progress = Progress(**state["progress"])
        if "optimizer" in state:
            self.optimizer.load(state["optimizer"])

    def _new_network(self) -> Network:
        table = self.run / EMBEDDINGS_FILE
        embeddings = torch.from_numpy(np.load(table)) if table.exists() else None
        network = Network(self.recipe.model, dropout=self.settings.dropout, embeddings=embeddings)
        if self.recipe.start:
            network.load_marian(load_file(Path(self.recipe.start) / "model.safetensors"))
        return network


def next_deadline(clock: str, now: datetime.datetime | None = None) -> float:
    """The next moment that the local clock shows "20:50", as seconds since the epoch."""
    now = now or datetime.datetime.now()
    hour, minute = map(int, clock.split(":"))
    moment = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return (moment if moment > now else moment + datetime.timedelta(days=1)).timestamp()


def _guide_loss(scores: Tensor, links: Tensor) -> Tensor:
    """Cross-entropy of the attention to the source against the word alignment, mean over heads and linked pieces."""
    linked = links != NO_LINK
    places = links.clamp(max=scores.shape[-1] - 1)[:, None, :, None].expand(-1, scores.shape[1], -1, 1)
    losses = -scores.float().log_softmax(-1).gather(-1, places).squeeze(-1).mean(1)
    return (losses * linked).sum() / linked.sum().clamp(min=1)


def _has_fast_bfloat16() -> bool:
    """True where the processor multiplies bfloat16 itself; elsewhere it is a hundred times slower than float32."""
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False


def _one_thread() -> None:
    torch.set_num_threads(1)


@contextmanager
def _stopping(event: threading.Event) -> Iterator[None]:
    """SIGTERM and SIGINT set the event while this is open; other threads than the main one cannot listen for them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, request) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
