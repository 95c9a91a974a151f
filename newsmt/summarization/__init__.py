"""Summaries: sentences of an article, their ranking, what a summary may claim, and the models that write one."""
