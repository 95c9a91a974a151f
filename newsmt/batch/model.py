"""Which model a batch uses, in a form that can be sent to other processes and machines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.document import LineBreaks
from newsmt.options import DecodingOptions

if TYPE_CHECKING:
    from newsmt.checkpoint import Checkpoint
    from newsmt.translator import Translator

__all__ = ["ModelChoice"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """The arguments of newsmt.load_translator()."""

    model: str | Path = "auto"
    backend: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    line_breaks: LineBreaks = "auto"
    revision: str | None = None
    local_files_only: bool = False

    def load(self, options: DecodingOptions | None = None) -> Translator:
        """The model, loaded.

        Raises ModelError when the model or the backend is not there.
        """
        from newsmt.translator import load_translator

        return load_translator(
            self.model,
            backend=self.backend,
            device=self.device,
            precision=self.precision,
            threads=self.threads,
            options=options,
            line_breaks=self.line_breaks,
            revision=self.revision,
            local_files_only=self.local_files_only,
        )

    def resolved(self) -> tuple[ModelChoice, Checkpoint]:
        """The same choice with "auto" decided, and the files it stands for.

        Raises ModelError when the model cannot be had.
        """
        from newsmt import registry

        checkpoint = registry.resolve(self.model, revision=self.revision, local_files_only=self.local_files_only)
        return replace(self, model=checkpoint.spec.name) if str(self.model) == "auto" else self, checkpoint

    def recorded(self, options: DecodingOptions) -> dict[str, Any]:
        """What the manifest keeps of the options: all that can change a translation."""
        return {
            "beam_size": options.beam_size,
            "length_penalty": options.length_penalty,
            "repetition_penalty": options.repetition_penalty,
            "no_repeat_ngram_size": options.no_repeat_ngram_size,
            "max_target_tokens": options.max_target_tokens,
            "line_breaks": self.line_breaks,
            "backend": self.backend,
            "precision": self.precision,
        }
