"""The recipe of the bundled model: prepare, align, train, average, export, card.

Run from the repository root: ``python -m models.training --help``. The package newsmt never imports this.
"""
