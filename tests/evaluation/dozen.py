"""A test set of twelve segments, written for these tests, with outputs of three systems: good, fair and poor."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

# source, two references, and what a good, a fair and a poor system make of it
SEGMENTS = [
    (
        "Der Hafen blieb am Dienstag geschlossen.",
        ("The port remained closed on Tuesday.", "On Tuesday the harbour stayed shut."),
        ("The port stayed closed on Tuesday.", "The harbour was closed Tuesday.", "The haven leave on Tuesday."),
    ),
    (
        "Rund 1.200 Beschäftigte legten die Arbeit nieder.",
        ("Around 1,200 employees stopped work.", "About 1,200 workers walked out."),
        ("Around 1,200 employees walked out.", "About 1,200 workers stopped working.", "Round 1.2 busy put work down."),
    ),
    (
        "Die Ministerin nannte den Schritt unvermeidlich.",
        ("The minister called the step unavoidable.", "The minister said the move could not be avoided."),
        ("The minister called the move unavoidable.", "The minister calls step inevitable.", "The minister the step."),
    ),
    (
        "Im Mai stiegen die Preise um 2,4 Prozent.",
        ("In May prices rose by 2.4 per cent.", "Prices were up 2.4 percent in May."),
        (
            "Prices rose by 2.4 percent in May.",
            "In May the prices rise by 2.4 percent.",
            "In May price price price 24.",
        ),
    ),
    (
        "Niemand wurde verletzt, teilte die Polizei mit.",
        ("Nobody was injured, the police said.", "Police said no one had been hurt."),
        (
            "Nobody was injured, police said.",
            "No one was hurt, told the police.",
            "Niemand wurde verletzt, teilte die.",
        ),
    ),
    (
        "Das Museum zeigt die Bilder bis Ende Oktober.",
        (
            "The museum is showing the pictures until the end of October.",
            "The pictures are on show until late October.",
        ),
        (
            "The museum is showing the paintings until the end of October.",
            "The museum shows the pictures to end of October.",
            "The museum show picture until October.",
        ),
    ),
    (
        "Der Trainer will mit jungen Spielern planen.",
        ("The coach wants to plan with young players.", "The coach intends to build on young players."),
        ("The coach wants to build on young players.", "The trainer will plan with young players.", "The train wants."),
    ),
    (
        "Am Abend zog ein Gewitter über die Stadt.",
        ("In the evening a thunderstorm passed over the city.", "A thunderstorm crossed the city in the evening."),
        (
            "In the evening a thunderstorm moved over the city.",
            "On the evening a storm went over the town.",
            "On evening weather over city.",
        ),
    ),
    (
        "Die Bahn rechnet mit Verspätungen von bis zu 40 Minuten.",
        ("The railway expects delays of up to 40 minutes.", "Rail delays of up to 40 minutes are expected."),
        (
            "The railway expects delays of up to 40 minutes.",
            "The train counts with delays up to 40 minutes.",
            "The railway counts with late.",
        ),
    ),
    (
        "Der Stadtrat stimmt am 3. Juni ab.",
        ("The city council votes on 3 June.", "The council will vote on 3 June."),
        ("The city council will vote on 3 June.", "The town council votes on June 3.", "City council voice off."),
    ),
    (
        "Forscher fanden die Münzen in einem Brunnen.",
        ("Researchers found the coins in a well.", "The coins were found in a well by researchers."),
        (
            "Researchers found the coins in a well.",
            "Researcher found the coins in a fountain.",
            "Researcher coin find.",
        ),
    ),
    (
        "Die Schule bleibt vorerst zu.",
        ("The school remains closed for now.", "For the time being the school stays shut."),
        ("The school stays closed for now.", "The school remains closed at first.", "The school stay."),
    ),
]
LABELS = ("good", "fair", "poor")


def outputs_of(label: str) -> list[str]:
    return [outputs[LABELS.index(label)] for _, _, outputs in SEGMENTS]


def references_of(index: int) -> list[str]:
    return [references[index] for _, references, _ in SEGMENTS]


SOURCES = [source for source, _, _ in SEGMENTS]
DOCIDS = [f"article-{index // 4}" for index in range(len(SEGMENTS))]


def write_lines(path: Path, lines: Iterable[str], *, end: str = "\n", head: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((head + "".join(f"{line}{end}" for line in lines)).encode())
    return path
