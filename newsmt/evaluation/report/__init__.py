"""Reports of an evaluation: terminal, Markdown, JSON, JUnit XML and one HTML page."""

from newsmt.evaluation.report.page import as_html
from newsmt.evaluation.report.plain import as_json, as_junit, as_markdown, as_text

__all__ = ["as_html", "as_json", "as_junit", "as_markdown", "as_text"]
