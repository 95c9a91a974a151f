"""A folder of German articles into English, overnight, with nothing lost: newsmt.translate_folder() and its parts."""

from __future__ import annotations

from newsmt.batch.model import ModelChoice
from newsmt.batch.report import BatchReport
from newsmt.batch.run import DEFAULT_FIELDS, BatchOptions, translate_folder

__all__ = ["DEFAULT_FIELDS", "BatchOptions", "BatchReport", "ModelChoice", "translate_folder"]
