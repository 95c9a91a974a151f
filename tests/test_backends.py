from __future__ import annotations

import pickle
import random
import shutil
import signal
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tiny_models import german_sentences

import newsmt.backends.ctranslate2 as ctranslate2_module
from newsmt.backends import Backend, SearchBackend, load_backend, target_token_limit
from newsmt.backends.ctranslate2 import CTranslate2Backend
from newsmt.backends.torch import TorchBackend
from newsmt.checkpoint import open_checkpoint
from newsmt.conversion import ctranslate2_directory
from newsmt.errors import BackendUnavailableError, ModelFilesError, SegmentTooLongError, UsageError
from newsmt.options import DecodingOptions
from newsmt.registry import resolve
from newsmt.testing import EchoBackend, ScriptedBackend

SHORT = DecodingOptions(max_target_tokens=12)
SOURCES = german_sentences(12, longest=2)
CONTROL_TEXTS = ["Das </s> Gericht", "</s>", "<pad> am Montag", ">>en<< Die Polizei", "<extra_id_0> in Köln"]


class Models:
    """Backends by engine, precision and tiny model, each loaded once."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request
        self._loaded: dict[tuple[str, str, str], Any] = {}

    def __call__(self, engine: str, model: str, precision: str = "float32") -> Any:
        key = engine, model, precision
        if key not in self._loaded:
            checkpoint = open_checkpoint(self._request.getfixturevalue(f"tiny_{model}"))
            self._loaded[key] = load_backend(engine, checkpoint, device="cpu", precision=precision)
        return self._loaded[key]


@pytest.fixture(scope="session")
def models(request: pytest.FixtureRequest) -> Models:
    return Models(request)


@pytest.fixture(
    params=[
        "ctranslate2 marian int8",
        "ctranslate2 opus_mt float32",
        "ctranslate2 mt5 float32",
        "torch opus_mt float32",
        "torch mt5 float32",
        "echo",
        "scripted",
    ]
)
def backend(request: pytest.FixtureRequest, models: Models) -> Backend:
    if request.param == "echo":
        return EchoBackend()
    if request.param == "scripted":
        return ScriptedBackend({SOURCES[0]: "the first", SOURCES[1]: "the second"})
    loaded: Backend = models(*request.param.split())
    return loaded


class TestContract:
    """What newsmt.backends.Backend promises, of every engine and double."""

    def test_it_has_the_members_of_the_protocol(self, backend: Backend) -> None:
        assert isinstance(backend, Backend)
        assert backend.name
        assert backend.max_source_tokens > 0

    def test_one_hypothesis_per_source_in_order(self, backend: Backend) -> None:
        together = backend.generate(SOURCES, SHORT)
        reversed_order = backend.generate(SOURCES[::-1], SHORT)

        assert len(together) == len(SOURCES)
        assert [one.text for one in together] == [one.text for one in reversed_order[::-1]]
        assert len({one.text for one in together}) > len(SOURCES) // 3

    def test_no_sources_give_no_hypotheses(self, backend: Backend) -> None:
        assert backend.generate([], SHORT) == []
        assert backend.count_tokens([]) == []

    def test_the_same_call_gives_the_same_result(self, backend: Backend) -> None:
        assert backend.generate(SOURCES, SHORT) == backend.generate(SOURCES, SHORT)

    def test_a_result_does_not_depend_on_what_else_is_in_the_call(self, backend: Backend) -> None:
        together = backend.generate(SOURCES, SHORT)
        alone = [backend.generate([source], SHORT)[0] for source in SOURCES]

        assert [one.text for one in alone] == [one.text for one in together]
        assert [one.tokens for one in alone] == [one.tokens for one in together]

    def test_a_source_is_never_truncated(self, backend: Backend) -> None:
        overlong = "Die Polizei in Köln " * (backend.max_source_tokens + 1)

        with pytest.raises(SegmentTooLongError) as caught:
            backend.generate([SOURCES[0], overlong], SHORT)
        assert caught.value.tokens == backend.count_tokens([overlong])[0]
        assert caught.value.limit == backend.max_source_tokens

    def test_a_source_as_long_as_allowed_is_taken(self, backend: Backend) -> None:
        source = "Köln"
        while backend.count_tokens([f"{source} a"])[0] <= backend.max_source_tokens:
            source += " a"

        assert backend.count_tokens([source])[0] > backend.max_source_tokens - 3
        [hypothesis] = backend.generate([source], SHORT)
        assert hypothesis.tokens > 0 or hypothesis.finished

    @pytest.mark.parametrize("blank", ["", " ", "\n\t "])
    def test_a_blank_source_is_refused(self, backend: Backend, blank: str) -> None:
        with pytest.raises(ValueError, match="blank"):
            backend.generate([SOURCES[0], blank], SHORT)

    def test_control_tokens_are_counted_and_translated_as_text(self, backend: Backend) -> None:
        assert len(backend.generate(CONTROL_TEXTS, SHORT)) == len(CONTROL_TEXTS)
        assert min(backend.count_tokens(["</s>", "<extra_id_0>"])) > 1

    def test_threads_get_the_results_of_one_thread(self, backend: Backend) -> None:
        sources = SOURCES[:8]
        expected = backend.generate(sources, SHORT)

        def rotated(turn: int) -> list[str]:
            answers = backend.generate(sources[turn:] + sources[:turn], SHORT)
            return [one.text for one in answers[8 - turn :] + answers[: 8 - turn]]

        with ThreadPoolExecutor(8) as threads:
            for texts in threads.map(rotated, range(8)):
                assert texts == [one.text for one in expected]


class TestParity:
    """Torch and CTranslate2 write the same tokens in float32."""

    @pytest.mark.parametrize("beam_size", [1, 2, 4, 6])
    @pytest.mark.parametrize("model", ["marian", "opus_mt", "mt5", "t5"])
    def test_with_every_beam_size(self, models: Models, model: str, beam_size: int) -> None:
        self._compare(models, model, DecodingOptions(beam_size=beam_size, max_target_tokens=24))

    @pytest.mark.parametrize("options", [{"length_penalty": 0.6}, {"length_penalty": 1.4}, {"no_repeat_ngram_size": 2}])
    @pytest.mark.parametrize("model", ["opus_mt", "mt5"])
    def test_with_other_options(self, models: Models, model: str, options: dict[str, Any]) -> None:
        self._compare(models, model, DecodingOptions(max_target_tokens=24, **options))

    @pytest.mark.parametrize("model", ["opus_mt", "mt5"])
    def test_with_a_repetition_penalty_in_greedy_search(self, models: Models, model: str) -> None:
        self._compare(models, model, DecodingOptions(beam_size=1, repetition_penalty=1.3, max_target_tokens=24))

    @pytest.mark.parametrize("model", ["marian", "opus_mt", "mt5"])
    def test_all_hypotheses_of_a_search(self, models: Models, model: str) -> None:
        options = DecodingOptions(beam_size=4, max_target_tokens=24)
        fast, reference = (
            models(engine, model).generate_nbest(SOURCES, options, 3) for engine in ("ctranslate2", "torch")
        )

        assert [[one.text for one in best] for best in fast] == [[one.text for one in best] for best in reference]
        scores = [one.score for best in fast for one in best]
        assert scores == pytest.approx([one.score for best in reference for one in best], abs=1e-4)

    @staticmethod
    def _compare(models: Models, model: str, options: DecodingOptions) -> None:
        fast = models("ctranslate2", model).generate(SOURCES, options)
        reference = models("torch", model).generate(SOURCES, options)

        assert [(one.text, one.tokens, one.finished) for one in fast] == [
            (one.text, one.tokens, one.finished) for one in reference
        ]
        assert {one.finished for one in fast} == {True, False} or model == "marian"
        if options.repetition_penalty == 1 and not options.no_repeat_ngram_size:
            assert [one.score for one in fast] == pytest.approx([one.score for one in reference], abs=1e-4)


class TestSearch:
    """What newsmt.backends.SearchBackend promises, of both engines."""

    @pytest.fixture(params=["ctranslate2", "torch"])
    def engine(self, request: pytest.FixtureRequest, models: Models) -> SearchBackend:
        loaded = models(request.param, "opus_mt")
        assert isinstance(loaded, SearchBackend)
        return loaded

    def test_the_best_comes_first_and_is_that_of_generate(self, engine: SearchBackend) -> None:
        options = DecodingOptions(beam_size=5, max_target_tokens=12)
        nbest = engine.generate_nbest(SOURCES, options, 5)

        assert [best[0].text for best in nbest] == [one.text for one in engine.generate(SOURCES, options)]
        assert all(len({one.text for one in best}) == 5 for best in nbest)
        for best in nbest:
            assert [one.score for one in best] == sorted((one.score for one in best), reverse=True)

    def test_a_source_of_which_nothing_is_seen_has_as_many(self, engine: SearchBackend) -> None:
        [best] = engine.generate_nbest(["\u200b"], SHORT, 2)
        assert [one.text for one in best] == ["", ""]

    @pytest.mark.parametrize("count", [0, 5])
    def test_a_count_beyond_the_beam_is_refused(self, engine: SearchBackend, count: int) -> None:
        with pytest.raises(UsageError, match=f"count={count} is not allowed: expected 1 to beam_size=4"):
            engine.generate_nbest(SOURCES, SHORT, count)

    def test_a_backend_without_a_search_is_none(self) -> None:
        assert not isinstance(EchoBackend(), SearchBackend)


class TestBatches:
    """Results do not depend on how segments are batched."""

    @pytest.mark.parametrize("model", ["marian", "opus_mt", "mt5"])
    def test_500_segments_shuffled_and_batched_differently(self, models: Models, model: str) -> None:
        self._shuffle(models("ctranslate2", model), german_sentences(500, seed=5, longest=3), (1024, 100), allowed=0)

    def test_int8_differs_rarely(self, models: Models) -> None:
        # Rounding to 8 bits turns differences in the last bit of a sum into larger ones: see docs/backends.md.
        self._shuffle(
            models("ctranslate2", "marian", "int8"), german_sentences(500, seed=5, longest=3), (1024, 100), allowed=10
        )

    def test_int8_never_differs_where_batch_mates_are_of_one_length(self, models: Models) -> None:
        backend = models("ctranslate2", "marian", "int8")
        sources = german_sentences(500, seed=5, longest=3)
        self._shuffle(backend, sources, (1024, 100), allowed=0, equal_lengths=True)

    def test_torch(self, models: Models) -> None:
        self._shuffle(models("torch", "opus_mt"), german_sentences(60, seed=5, longest=2), (1024, 200), allowed=0)

    @staticmethod
    def _shuffle(
        backend: Backend,
        sources: list[str],
        batch_tokens: tuple[int, int],
        *,
        allowed: int,
        equal_lengths: bool = False,
    ) -> None:
        first, second = (
            DecodingOptions(max_target_tokens=16, beam_size=2, batch_tokens=one, equal_lengths=equal_lengths)
            for one in batch_tokens
        )
        order = random.Random(7).sample(range(len(sources)), len(sources))

        expected = [one.text for one in backend.generate(sources, first)]
        shuffled = backend.generate([sources[index] for index in order], second)

        differing = [index for index, one in zip(order, shuffled, strict=True) if one.text != expected[index]]
        assert len(differing) <= allowed


class TestLimits:
    """A hypothesis that was cut says so."""

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    def test_a_cut_hypothesis_is_marked(self, models: Models, engine: str) -> None:
        hypotheses = models(engine, "opus_mt").generate(SOURCES, DecodingOptions(max_target_tokens=5))

        assert all(one.tokens <= 5 for one in hypotheses)
        assert [one.finished for one in hypotheses] == [one.tokens < 5 for one in hypotheses]
        assert {one.finished for one in hypotheses} == {True, False}

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    def test_without_an_option_the_limit_follows_from_the_source(self, models: Models, engine: str) -> None:
        backend = models(engine, "opus_mt")
        source = german_sentences(40, longest=1)[0]
        options = DecodingOptions(beam_size=1)
        [hypothesis] = backend.generate([source], options)

        limit = target_token_limit(backend.count_tokens([source])[0], options, 512)
        assert hypothesis.tokens == limit if not hypothesis.finished else hypothesis.tokens < limit

    def test_a_source_of_which_the_model_sees_nothing_gives_an_empty_hypothesis(self, models: Models) -> None:
        # SentencePiece's normalisation drops zero-width spaces; models invent text for what is then nothing at all.
        for engine in ("ctranslate2", "torch"):
            first, nothing = models(engine, "opus_mt").generate([SOURCES[0], "\u200b"], SHORT)
            assert first == models(engine, "opus_mt").generate([SOURCES[0]], SHORT)[0]
            assert (nothing.text, nothing.tokens, nothing.finished) == ("", 0, True)


def test_ctrl_c_ends_a_call_and_leaves_the_backend_usable(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = models("ctranslate2", "opus_mt")
    expected = backend.generate(SOURCES, SHORT)

    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ctranslate2_module.time, "sleep", interrupt)
        with pytest.raises(KeyboardInterrupt):
            backend.generate(german_sentences(400), DecodingOptions())
    assert backend.generate(SOURCES, SHORT) == expected


class TestLoading:
    def test_auto_is_int8_on_every_core(self, tiny_marian: Path) -> None:
        backend = load_backend("auto", open_checkpoint(tiny_marian), device="cpu")

        assert isinstance(backend, CTranslate2Backend)
        assert backend.name == "ctranslate2 int8 cpu"

    def test_names_say_engine_precision_and_device(self, models: Models) -> None:
        assert models("ctranslate2", "marian").name == "ctranslate2 float32 cpu"
        assert models("torch", "opus_mt").name == "torch float32 cpu"

    def test_a_converted_directory_runs_as_it_is(self, models: Models, tiny_opus_mt: Path) -> None:
        converted = ctranslate2_directory(open_checkpoint(tiny_opus_mt), "float32")
        backend = load_backend("ctranslate2", open_checkpoint(converted), precision="float32")

        assert backend.generate(SOURCES, SHORT) == models("ctranslate2", "opus_mt").generate(SOURCES, SHORT)

    def test_torch_refuses_a_converted_directory(self, tiny_opus_mt: Path) -> None:
        converted = ctranslate2_directory(open_checkpoint(tiny_opus_mt), "float32")

        with pytest.raises(UsageError, match="use the ctranslate2 backend"):
            load_backend("torch", open_checkpoint(converted))

    def test_an_unknown_backend_names_the_known_ones(self, tiny_marian: Path) -> None:
        with pytest.raises(UsageError, match="auto, ctranslate2 or torch"):
            load_backend("onnx", open_checkpoint(tiny_marian))

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    @pytest.mark.parametrize("device", ["tpu", "cuda:", "cuda:x", "gpu"])
    def test_an_unknown_device_names_the_known_ones(self, tiny_marian: Path, engine: str, device: str) -> None:
        with pytest.raises(UsageError, match="expected auto, cpu, cuda"):
            load_backend(engine, open_checkpoint(tiny_marian), device=device)

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    def test_an_absent_gpu_says_what_to_do(self, tiny_marian: Path, engine: str) -> None:
        with pytest.raises(BackendUnavailableError, match="use device='cpu'"):
            load_backend(engine, open_checkpoint(tiny_marian), device="cuda:31")

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    @pytest.mark.parametrize("precision", ["int4", "float16"])
    def test_a_precision_that_is_not_to_be_had_names_the_others(
        self, tiny_marian: Path, engine: str, precision: str
    ) -> None:
        if engine == "ctranslate2" and precision in __import__("ctranslate2").get_supported_compute_types("cpu"):
            pytest.skip("this processor has float16 arithmetic")
        with pytest.raises(UsageError, match=r"expected auto or one of .*float32"):
            load_backend(engine, open_checkpoint(tiny_marian), device="cpu", precision=precision)

    @pytest.mark.parametrize("engine", ["ctranslate2", "torch"])
    def test_threads_are_one_or_more(self, tiny_marian: Path, engine: str) -> None:
        with pytest.raises(UsageError, match="threads=0"):
            load_backend(engine, open_checkpoint(tiny_marian), threads=0)

    @pytest.mark.parametrize(
        ("engine", "package", "mend"),
        [("ctranslate2", "ctranslate2", "pip install"), ("torch", "torch", r"pip install 'newsmt\[torch\]'")],
    )
    def test_a_missing_package_names_the_command(
        self, tiny_marian: Path, monkeypatch: pytest.MonkeyPatch, engine: str, package: str, mend: str
    ) -> None:
        checkpoint = open_checkpoint(tiny_marian)
        monkeypatch.setitem(sys.modules, package, None)

        with pytest.raises(BackendUnavailableError, match=mend):
            load_backend(engine, checkpoint)


class TestDevices:
    """Choices that need GPUs, made with a stand-in for the engine."""

    @staticmethod
    def _engine(gpus: int, *compute_types: str) -> Any:
        return SimpleNamespace(
            get_cuda_device_count=lambda: gpus, get_supported_compute_types=lambda kind, index: set(compute_types)
        )

    @pytest.mark.parametrize(
        ("gpus", "device", "expected"),
        [
            (0, "auto", ("cpu", [0])),
            (2, "auto", ("cuda", [0, 1])),
            (2, "cuda", ("cuda", [0, 1])),
            (2, "cpu", ("cpu", [0])),
            (4, "cuda:2", ("cuda", [2])),
            (4, "cuda:3,1", ("cuda", [1, 3])),
        ],
    )
    def test_gpus_are_found(self, gpus: int, device: str, expected: tuple[str, list[int]]) -> None:
        assert ctranslate2_module._devices(self._engine(gpus), device) == expected

    def test_precision_on_a_gpu(self, tiny_marian: Path, tiny_mt5: Path) -> None:
        modern = self._engine(1, "float32", "float16", "bfloat16", "int8", "int8_float16", "int8_bfloat16")
        marian, mt5 = open_checkpoint(tiny_marian), open_checkpoint(tiny_mt5)
        choose = ctranslate2_module._compute_type

        assert choose(modern, "cuda", [0], "auto", marian) == "float16"
        assert choose(modern, "cuda", [0], "int8_float16", marian) == "int8_float16"
        assert choose(modern, "cuda", [0], "auto", mt5) == "bfloat16"
        assert choose(self._engine(1, "float32", "int8"), "cuda", [0], "auto", mt5) == "float32"
        with pytest.raises(UsageError, match="overflows in this model"):
            choose(modern, "cuda", [0], "float16", mt5)

    def test_a_processor_without_int8_gets_float32(self, tiny_marian: Path) -> None:
        engine = self._engine(0, "float32")

        assert ctranslate2_module._compute_type(engine, "cpu", [0], "auto", open_checkpoint(tiny_marian)) == "float32"

    def test_one_worker_per_core(self, tiny_marian: Path) -> None:
        backend = CTranslate2Backend.load(open_checkpoint(tiny_marian), device="cpu", threads=3)

        assert backend._translator.num_translators == 3


STOPPED = """
import os, signal, sys, threading, time
from pathlib import Path
from newsmt.backends import load_backend
from newsmt.checkpoint import open_checkpoint
from newsmt.options import DecodingOptions

def stop():
    while not backend._translator.num_active_batches:
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGINT)

backend = load_backend("ctranslate2", open_checkpoint(Path(sys.argv[1])), device="cpu")
threading.Thread(target=stop).start()
backend.generate(["Der Hafen in Köln steht am Montag still."] * 5000, DecodingOptions())
"""


class TestInterruption:
    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT to send")
    def test_a_program_that_ctrl_c_stops_ends_in_order(self) -> None:
        """The engine's threads are waited for: a process taken apart beneath them would crash."""
        model = resolve("newsmt-mini-de-en").directory
        done = subprocess.run([sys.executable, "-c", STOPPED, str(model)], capture_output=True, text=True, timeout=120)
        assert done.stderr.strip().endswith("KeyboardInterrupt")
        assert done.returncode == -signal.SIGINT


class TestDamage:
    """Checkpoints that are not what they seem."""

    @staticmethod
    def _copy(directory: Path, destination: Path) -> Path:
        shutil.copytree(directory, destination)
        return destination

    def test_torch_finds_missing_weights(self, tiny_marian: Path, tmp_path: Path) -> None:
        from safetensors.numpy import load_file, save_file

        broken = self._copy(tiny_marian, tmp_path / "broken")
        weights = load_file(broken / "model.safetensors")
        del weights["model.decoder.layers.1.fc2.weight"]
        save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})

        with pytest.raises(ModelFilesError, match=r"lacks 1 weights, such as model\.decoder\.layers\.1\.fc2\.weight"):
            TorchBackend.load(open_checkpoint(broken))

    def test_torch_runs_no_code_from_a_pickle(self, tiny_opus_mt: Path, tmp_path: Path) -> None:
        broken = self._copy(tiny_opus_mt, tmp_path / "broken")
        traces = tmp_path / "traces"
        _poison(broken / "pytorch_model.bin", traces)

        with pytest.raises(ModelFilesError, match="cannot load"):
            TorchBackend.load(replace(open_checkpoint(tiny_opus_mt), directory=broken))
        assert not traces.exists()

    def test_a_damaged_conversion_is_named(self, tiny_opus_mt: Path, tmp_path: Path) -> None:
        converted = ctranslate2_directory(open_checkpoint(tiny_opus_mt), "float32")
        broken = self._copy(converted, tmp_path / "broken")
        checkpoint = open_checkpoint(broken)
        (broken / "model.bin").write_bytes((broken / "model.bin").read_bytes()[:5000])

        with pytest.raises(ModelFilesError, match="CTranslate2 cannot load"):
            load_backend("ctranslate2", checkpoint)


class _Touch:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def _poison(path: Path, traces: Path) -> None:
    """Replace the weights' pickle by one that would leave a file behind."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, pickle.dumps(_Touch(traces)) if name.endswith("data.pkl") else data)
