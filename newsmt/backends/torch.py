"""Torch with transformers: any Marian or T5 checkpoint, in full precision, on processors and GPUs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from newsmt.backends import Hypothesis, check_count
from newsmt.backends.cores import available_cores
from newsmt.backends.tokenizer import END, UNKNOWN, Tokenizer, load_tokenizer
from newsmt.batching import Batch, plan_decoding
from newsmt.errors import BackendUnavailableError, ModelFilesError, UsageError
from newsmt.options import DecodingOptions

if TYPE_CHECKING:
    import torch

    from newsmt.checkpoint import Checkpoint

__all__ = ["TorchBackend"]

logger = logging.getLogger("newsmt")

PRECISIONS = ("float32", "bfloat16", "float16")
# Logits of this many target tokens are scored at once: some 250 MB with the largest vocabularies.
SCORED_AT_ONCE = 256


class TorchBackend:
    """A Marian or T5 model run by transformers; made by load().

    The tokens are those that CTranslate2 writes in float32. Calls from several threads take turns: torch spreads each
    of them over all cores by itself.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        *,
        name: str,
        max_source_tokens: int,
        max_target_tokens: int,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._name = name
        self._max_source_tokens = max_source_tokens
        self._max_target_tokens = max_target_tokens
        self._turn = Lock()

    @classmethod
    def load(
        cls,
        checkpoint: Checkpoint,
        *,
        device: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
    ) -> TorchBackend:
        """Load a checkpoint's weights; no code that comes with them is run.

        device: "auto" (GPUs if there are any, a model that is too large for one spread over several; else the
            processor), "cpu", "cuda" or "cuda:1".
        precision: "auto" (float32 on processors, bfloat16 or else float16 on GPUs), "float32", "bfloat16", "float16".
        threads: processor cores to use, for the whole process; None for all that it may use.

        Raises BackendUnavailableError for missing packages or devices, UsageError for a precision that this model or
        device cannot take, ModelFilesError for weights that are incomplete or damaged.
        """
        if checkpoint.format == "ctranslate2":
            raise UsageError(
                f"{checkpoint.directory} is a model converted for CTranslate2, which torch cannot run: "
                "use the ctranslate2 backend, or name the checkpoint that it was converted from"
            )
        engine = _import_torch()
        _set_threads(engine, threads)
        placement = _placement(engine, device)
        kind = "cpu" if placement == "cpu" else "cuda"
        chosen = _precision(engine, kind, precision, checkpoint)
        return cls(
            _load_model(checkpoint, placement, getattr(engine, chosen)),
            load_tokenizer(checkpoint),
            name=f"torch {chosen} {'cuda' if placement == 'sequential' else placement}",
            max_source_tokens=checkpoint.spec.max_source_tokens,
            max_target_tokens=checkpoint.spec.max_target_tokens,
        )

    @property
    def name(self) -> str:
        """The engine with its precision and device."""
        return self._name

    @property
    def max_source_tokens(self) -> int:
        """Most tokens a source may have, end of sentence excluded."""
        return self._max_source_tokens

    @property
    def tokenizer(self) -> Tokenizer:
        """How this model's texts become pieces."""
        return self._tokenizer

    def count_tokens(self, sources: Sequence[str]) -> list[int]:
        """Tokens of each source, end of sentence excluded."""
        return self._tokenizer.count(sources)

    def generate(self, sources: Sequence[str], options: DecodingOptions) -> list[Hypothesis]:
        """One hypothesis per source, in order; see newsmt.backends.Backend for the contract."""
        return [best[0] for best in self.generate_nbest(sources, options, 1)]

    def generate_nbest(self, sources: Sequence[str], options: DecodingOptions, count: int) -> list[list[Hypothesis]]:
        """The best hypotheses of each source; see newsmt.backends.SearchBackend."""
        check_count(count, options)
        pieces = self._tokenizer.encode_for_model(sources, self._max_source_tokens)
        batches = plan_decoding([len(one) for one in pieces], options, max_target_tokens=self._max_target_tokens)
        hypotheses = {index: [Hypothesis("", 0.0, 0)] * count for index, one in enumerate(pieces) if not one}
        for batch in batches:
            with self._turn:
                decoded = self._decode([pieces[index] for index in batch.indices], batch, options, count)
            hypotheses |= zip(batch.indices, decoded, strict=True)
        return [hypotheses[index] for index in range(len(sources))]

    def _decode(
        self, pieces: list[list[str]], batch: Batch, options: DecodingOptions, count: int
    ) -> list[list[Hypothesis]]:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        numbers, mask = self._padded([[*self._tokenizer.numbers([*one, END])] for one in pieces])
        with torch.inference_mode():
            encoded = self._model.get_encoder()(input_ids=numbers, attention_mask=mask).last_hidden_state
            sequences = self._model.generate(
                input_ids=numbers,
                attention_mask=mask,
                encoder_outputs=BaseModelOutput(encoded),  # of its own: generate() repeats it for each beam in place
                generation_config=self._generation(batch.target_limit, options, count),
            )
            written = [self._until_end(row) for row in sequences[:, 1:].tolist()]
            # Scored for each of its hypotheses, an encoded source is repeated as often.
            scores = self._scores(encoded.repeat_interleave(count, 0), mask.repeat_interleave(count, 0), written)
        hypotheses = [
            self._hypothesis(row, score, options.length_penalty) for row, score in zip(written, scores, strict=True)
        ]
        return [hypotheses[start : start + count] for start in range(0, len(hypotheses), count)]

    def _padded(self, rows: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Numbers of tokens and their mask, shape (rows, longest row)."""
        import torch

        longest = max(map(len, rows))
        padding = self._model.config.pad_token_id
        numbers = [row + [padding] * (longest - len(row)) for row in rows]
        mask = [[1] * len(row) + [0] * (longest - len(row)) for row in rows]
        device = self._model.get_input_embeddings().weight.device
        return torch.tensor(numbers, device=device), torch.tensor(mask, device=device)

    def _generation(self, limit: int, options: DecodingOptions, count: int) -> Any:
        """Settings under which transformers' search gives the tokens of CTranslate2's."""
        from transformers import GenerationConfig

        config = self._model.config
        beams = {"early_stopping": True, "length_penalty": options.length_penalty} if options.beam_size > 1 else {}
        return GenerationConfig(
            max_new_tokens=limit,
            num_beams=options.beam_size,
            num_return_sequences=count,
            do_sample=False,
            repetition_penalty=options.repetition_penalty,
            no_repeat_ngram_size=options.no_repeat_ngram_size,
            suppress_tokens=self._suppressed(),
            renormalize_logits=True,
            decoder_start_token_id=config.decoder_start_token_id,
            eos_token_id=config.eos_token_id,
            pad_token_id=config.pad_token_id,
            **beams,
        )

    def _suppressed(self) -> list[int]:
        """Never written: <unk>, and Marian's <pad>, which is no token of the model that was trained."""
        config = self._model.config
        unknown = self._tokenizer.numbers([UNKNOWN])
        return [*unknown, config.pad_token_id] if config.model_type == "marian" else unknown

    def _until_end(self, row: list[int]) -> list[int]:
        end = self._model.config.eos_token_id
        return row[: row.index(end) + 1] if end in row else row

    def _scores(self, encoded: torch.Tensor, mask: torch.Tensor, written: list[list[int]]) -> list[float]:
        """Log-probability of each hypothesis as a whole."""
        scores: list[float] = []
        for rows in _chunks([len(row) for row in written], SCORED_AT_ONCE):
            scores += self._score_rows(encoded[rows], mask[rows], written[rows])
        return scores

    def _score_rows(self, encoded: torch.Tensor, mask: torch.Tensor, written: list[list[int]]) -> list[float]:
        import torch
        from transformers.modeling_outputs import BaseModelOutput

        targets, target_mask = self._padded(written)
        start = torch.full_like(targets[:, :1], self._model.config.decoder_start_token_id)
        logits = self._model(
            encoder_outputs=BaseModelOutput(last_hidden_state=encoded),
            attention_mask=mask,
            decoder_input_ids=torch.cat([start, targets[:, :-1]], dim=1),
            use_cache=False,
        ).logits.float()
        logits[..., self._suppressed()] = -torch.inf
        chosen = logits.log_softmax(-1).gather(-1, targets.to(logits.device).unsqueeze(-1)).squeeze(-1)
        return [float(score) for score in chosen.masked_fill(target_mask.to(logits.device) == 0, 0.0).sum(-1)]

    def _hypothesis(self, row: list[int], score: float, length_penalty: float) -> Hypothesis:
        finished = row[-1:] == [self._model.config.eos_token_id]
        tokens = row[:-1] if finished else row
        text = self._tokenizer.decode(self._tokenizer.target_pieces(tokens))
        return Hypothesis(text, score / max(1, len(row)) ** length_penalty, len(tokens), finished)


def _chunks(lengths: list[int], tokens: int) -> Iterator[slice]:
    """Neighbouring rows in groups that hold at most so many tokens once padded."""
    start = 0
    while start < len(lengths):
        stop = start + 1
        while stop < len(lengths) and max(lengths[start : stop + 1]) * (stop + 1 - start) <= tokens:
            stop += 1
        yield slice(start, stop)
        start = stop


def _import_torch() -> Any:
    try:
        import torch
        import transformers  # noqa: F401 - both are needed, and asked for together
    except ImportError as error:
        raise BackendUnavailableError(
            f"the torch backend needs torch, transformers and accelerate ({error}): pip install 'newsmt[torch]', "
            "or use the ctranslate2 backend"
        ) from error
    return torch


def _set_threads(engine: Any, threads: int | None) -> None:
    """Keep torch within the cores the process may use: it does not know of a container's quota."""
    if threads is not None and threads < 1:
        raise UsageError(f"threads={threads} is not allowed: expected 1 or more")
    wanted = threads or min(engine.get_num_threads(), available_cores())
    if wanted != engine.get_num_threads():
        engine.set_num_threads(wanted)


def _placement(engine: Any, device: str) -> str:
    """Where transformers puts the model; "sequential": on the first GPU that has room, the rest on the next."""
    gpus = engine.cuda.device_count() if engine.cuda.is_available() else 0
    if device == "cpu" or (device == "auto" and not gpus):
        return "cpu"
    if device == "auto":
        return "sequential" if gpus > 1 else "cuda:0"
    named = re.fullmatch(r"cuda(?::(\d+))?", device)
    if named is None:
        raise UsageError(f"device={device!r} is not allowed with torch: expected auto, cpu, cuda or one GPU as cuda:1")
    number = int(named[1] or 0)
    if number >= gpus:
        raise BackendUnavailableError(
            f"device={device!r}, but torch sees {gpus or 'no'} CUDA GPU{'' if gpus == 1 else 's'} here: use "
            "device='cpu', or install the NVIDIA driver and a CUDA build of torch (https://pytorch.org/get-started)"
        )
    return f"cuda:{number}"


def _precision(engine: Any, kind: str, precision: str, checkpoint: Checkpoint) -> str:
    unsuitable = checkpoint.spec.unsuitable_precisions
    usable = [one for one in PRECISIONS if one not in unsuitable and (kind == "cuda" or one != "float16")]
    if precision == "auto":
        if kind == "cpu":
            return "float32"
        if engine.cuda.is_bf16_supported(including_emulation=False):
            return "bfloat16"
        return "float16" if "float16" in usable else "float32"
    if precision not in usable:
        raise UsageError(
            f"precision={precision!r} is not possible with torch for {checkpoint.spec.name} on {kind}: expected auto "
            f"or one of {', '.join(usable)}; int8 is what the ctranslate2 backend does"
        )
    if kind == "cpu" and precision == "bfloat16" and not _has_fast_bfloat16():
        logger.warning("this processor has no bfloat16 arithmetic: float32 is many times faster here")
    return precision


def _has_fast_bfloat16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    try:
        flags = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return re.search(r"\b(avx512_bf16|amx_bf16|bf16)\b", flags) is not None


def _load_model(checkpoint: Checkpoint, placement: str, dtype: torch.dtype) -> Any:
    """The model in evaluation mode, every weight from the checkpoint."""
    from transformers import AutoModelForSeq2SeqLM, GenerationConfig

    try:
        with _quiet_transformers():
            model, report = AutoModelForSeq2SeqLM.from_pretrained(
                checkpoint.directory,
                dtype=dtype,
                device_map=None if placement == "cpu" else placement,
                local_files_only=True,
                trust_remote_code=False,
                weights_only=True,
                output_loading_info=True,
            )
    except Exception as error:  # damage shows itself in many ways, a forged pickle in one more
        reason = str(error).split("\n", 1)[0]
        raise ModelFilesError(
            f"torch cannot load {checkpoint.directory}: {reason}; if its files are damaged, fetch the model again"
        ) from error
    lacking = sorted(report["missing_keys"])
    if lacking:
        raise ModelFilesError(
            f"{checkpoint.directory} lacks {len(lacking)} weights, such as {lacking[0]}; fetch the model again"
        )
    # Only what a call asks for counts: checkpoints bring beams, lengths and forced tokens of their own.
    model.generation_config = GenerationConfig()
    return model.eval()


@contextmanager
def _quiet_transformers() -> Iterator[None]:
    """Without progress bars and notes on standard error, which belongs to the program."""
    from transformers.utils import logging as transformers_logging

    bars, level = transformers_logging.is_progress_bar_enabled(), transformers_logging.get_verbosity()
    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()
