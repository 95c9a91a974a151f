"""German news in, English news out: paragraph-faithful translation.

newsmt.translate(text) is the one-liner; newsmt.load_translator() gives a Translator to keep. Importing this package
loads neither torch nor transformers nor ctranslate2: names are fetched from their modules when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from newsmt._version import __version__

if TYPE_CHECKING:
    from newsmt import errors, testing
    from newsmt.batch.run import translate_folder
    from newsmt.errors import NewsmtError
    from newsmt.options import DecodingOptions
    from newsmt.registry import ModelSpec, available_models
    from newsmt.segmentation import split_sentences
    from newsmt.summarization.summary import Summary
    from newsmt.summarizer import Summarizer, load_summarizer, summarize
    from newsmt.translation import SegmentWarning, TranslatedBlock, TranslatedSegment, Translation
    from newsmt.translator import Translator, load_translator, translate

__all__ = [
    "DecodingOptions",
    "ModelSpec",
    "NewsmtError",
    "SegmentWarning",
    "Summarizer",
    "Summary",
    "TranslatedBlock",
    "TranslatedSegment",
    "Translation",
    "Translator",
    "__version__",
    "available_models",
    "errors",
    "load_summarizer",
    "load_translator",
    "split_sentences",
    "summarize",
    "testing",
    "translate",
    "translate_folder",
]

_HOMES = {
    "DecodingOptions": "newsmt.options",
    "ModelSpec": "newsmt.registry",
    "NewsmtError": "newsmt.errors",
    "SegmentWarning": "newsmt.translation",
    "Summarizer": "newsmt.summarizer",
    "Summary": "newsmt.summarization.summary",
    "TranslatedBlock": "newsmt.translation",
    "TranslatedSegment": "newsmt.translation",
    "Translation": "newsmt.translation",
    "Translator": "newsmt.translator",
    "available_models": "newsmt.registry",
    "load_summarizer": "newsmt.summarizer",
    "load_translator": "newsmt.translator",
    "split_sentences": "newsmt.segmentation",
    "summarize": "newsmt.summarizer",
    "translate": "newsmt.translator",
    "translate_folder": "newsmt.batch.run",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    elif name in {"errors", "testing"}:
        value = import_module(f"newsmt.{name}")
    else:
        raise AttributeError(f"module 'newsmt' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
