"""Summaries beside the translations of a batch: which summariser, and what it reads of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from newsmt.translation import System, Translation

if TYPE_CHECKING:
    from newsmt.batch.model import ModelChoice
    from newsmt.summarization.summary import Summary
    from newsmt.summarizer import Summarizer
    from newsmt.translator import Translator

__all__ = ["FIELD", "Summaries", "SummaryChoice"]

# The field that JSON lines and tables get.
FIELD = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryChoice:
    """Which summariser a batch uses, in a form that can be sent to other processes and machines.

    model: as for newsmt.load_summarizer(); it reads the translation.

    Raises UsageError for a number of sentences that no summary can have.
    """

    model: str | Path = "auto"
    sentences: int = 3

    def __post_init__(self) -> None:
        from newsmt.summarizer import check_sentences

        check_sentences(self.sentences)

    def resolved(self, *, local_files_only: bool = False) -> tuple[SummaryChoice, System]:
        """The same choice with "auto" decided, and what it stands for.

        Raises ModelError when the model cannot be had, UsageError for one that does not read English.
        """
        from newsmt.summarization.summary import Order
        from newsmt.summarizer import EXTRACTIVE, check_model, resolve_summarizer

        checkpoint = resolve_summarizer(self.model, local_files_only=local_files_only)
        if checkpoint is None:
            return replace(self, model=EXTRACTIVE), System(EXTRACTIVE, "newsmt")
        check_model(checkpoint, Order.TRANSLATE_FIRST)
        named = checkpoint.spec.name if str(self.model) == "auto" else self.model
        return replace(self, model=named), System(checkpoint.spec.name, "", checkpoint.revision, checkpoint.fingerprint)

    def recorded(self, system: System) -> dict[str, Any]:
        """What the manifest keeps of it: all that can change a summary."""
        return {"model": system.model, "fingerprint": system.fingerprint, "sentences": self.sentences}

    def load(self, translator: Translator, beside: ModelChoice) -> Summaries:
        """The summariser, loaded, on the device of the translator it works beside."""
        from newsmt.summarizer import load_summarizer

        summarizer = load_summarizer(
            self.model,
            order="translate-first",
            translator=translator,
            backend=beside.backend,
            device=beside.device,
            precision=beside.precision,
            threads=beside.threads,
            local_files_only=beside.local_files_only,
        )
        return Summaries(summarizer, self.sentences)


class Summaries:
    """Makes the summaries of one worker; safe to share between its threads."""

    def __init__(self, summarizer: Summarizer, sentences: int) -> None:
        self._summarizer = summarizer
        self._sentences = sentences

    @property
    def system(self) -> System:
        """What makes them."""
        return self._summarizer.system

    def summarize(self, translations: Sequence[Translation]) -> Summary:
        """The summary of an article whose parts were translated one by one; there is at least one."""
        return self._summarizer.summarize_translation(_as_one(translations), self._sentences)


def _as_one(translations: Sequence[Translation]) -> Translation:
    if len(translations) == 1:
        return translations[0]
    blocks = tuple(block for one in translations for block in one.blocks)
    return Translation("\n\n".join(one.text.strip() for one in translations), blocks, translations[0].system)
