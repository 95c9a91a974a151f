"""Numbers, dates, times, money and percentages in sentences as newspapers write them, exact by construction."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from models.training.corpora import Pair

__all__ = ["SLOTS", "TEMPLATES", "english_number", "generate_numerals", "german_number"]

WEEKDAYS = dict(
    zip(
        "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag".split(),
        "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split(),
        strict=True,
    )
)
MONTHS = dict(
    zip(
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split(),
        "January February March April May June July August September October November December".split(),
        strict=True,
    )
)
SMALL = {
    "zwei": "two",
    "drei": "three",
    "vier": "four",
    "fünf": "five",
    "sechs": "six",
    "sieben": "seven",
    "acht": "eight",
    "neun": "nine",
    "zehn": "ten",
    "elf": "eleven",
    "zwölf": "twelve",
}
ORDINALS = {
    "ersten": "first",
    "zweiten": "second",
    "dritten": "third",
    "vierten": "fourth",
    "fünften": "fifth",
    "sechsten": "sixth",
    "siebten": "seventh",
    "achten": "eighth",
    "neunten": "ninth",
    "zehnten": "tenth",
}


class Slot(NamedTuple):
    """One value as German and as English write it."""

    german: str
    english: str


def german_number(value: int | Decimal) -> str:
    """1234567.5 as "1.234.567,5"; four digits get the point too, as agencies write them."""
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


def english_number(value: int | Decimal) -> str:
    """1234567.5 as "1,234,567.5"."""
    return f"{value:,}"


def _decimal(rng: random.Random, whole: int, places: int = 1) -> Decimal:
    return Decimal(rng.randrange(1, whole * 10**places)) / 10**places


def _count(rng: random.Random) -> Slot:
    value = rng.randrange(10 ** rng.choice((1, 2, 3, 3, 4, 4, 5)), 10 ** rng.choice((4, 5, 6, 7)) + 10**5)
    value = value if rng.random() < 0.6 else round(value, -rng.choice((1, 2, 3))) or 20
    return Slot(german_number(value), english_number(value))


def _plain_thousands(rng: random.Random) -> Slot:
    value = rng.randrange(1000, 10000)
    return Slot(str(value), english_number(value))


def _small(rng: random.Random) -> Slot:
    return Slot(*rng.choice(list(SMALL.items()))) if rng.random() < 0.5 else Slot(*[str(rng.randrange(13, 100))] * 2)


def _tenths(rng: random.Random) -> Slot:
    value = _decimal(rng, rng.choice((3, 10, 100)), rng.choice((1, 1, 1, 2)))
    return Slot(german_number(value), english_number(value))


def _percent(rng: random.Random) -> Slot:
    value = _tenths(rng) if rng.random() < 0.7 else Slot(*[str(rng.randrange(1, 100))] * 2)
    return Slot(f"{value.german} Prozent", f"{value.english} percent")


def _percent_sign(rng: random.Random) -> Slot:
    value = _tenths(rng) if rng.random() < 0.6 else Slot(*[str(rng.randrange(1, 100))] * 2)
    return Slot(f"{value.german} %", f"{value.english}%")


def _money(rng: random.Random) -> Slot:
    value = _tenths(rng) if rng.random() < 0.6 else Slot(*[str(rng.randrange(2, 900))] * 2)
    scale = rng.choice(
        [
            ("Millionen", "million"),
            ("Milliarden", "billion"),
            ("Mio.", "million"),
            ("Mrd.", "billion"),
            ("Billionen", "trillion"),
        ]
    )
    return Slot(*_with_currency(rng, f"{value.german} {scale[0]}", f"{value.english} {scale[1]}"))


def _sum(rng: random.Random) -> Slot:
    value = _count(rng) if rng.random() < 0.7 else _cents(rng)
    return Slot(*_with_currency(rng, value.german, value.english))


def _cents(rng: random.Random) -> Slot:
    value = Decimal(rng.randrange(100, 200000)) / 100
    return Slot(german_number(value.quantize(Decimal("0.01"))), english_number(value.quantize(Decimal("0.01"))))


def _with_currency(rng: random.Random, german: str, english: str) -> tuple[str, str]:
    return rng.choice(
        [
            (f"{german} Euro", f"{english} euros"),
            (f"{german} Euro", f"{english} euros"),
            (f"{german} €", f"€{english}"),
            (f"{german} US-Dollar", f"{english} US dollars"),
            (f"{german} Dollar", f"${english}"),
            (f"{german} Pfund", f"£{english}"),
            (f"{german} Franken", f"{english} francs"),
            (f"{german} Yen", f"{english} yen"),
        ]
    )


def _year(rng: random.Random) -> Slot:
    return Slot(*[str(rng.randrange(1900, 2040))] * 2)


def _day(rng: random.Random) -> Slot:
    day, (german, english) = rng.randrange(1, 29), rng.choice(list(MONTHS.items()))
    if rng.random() < 0.3:
        year = rng.randrange(1945, 2035)
        return Slot(f"{day}. {german} {year}", f"{english} {day}, {year}")
    return Slot(f"{day}. {german}", f"{english} {day}")


def _month(rng: random.Random) -> Slot:
    return Slot(*rng.choice(list(MONTHS.items())))


def _weekday(rng: random.Random) -> Slot:
    return Slot(*rng.choice(list(WEEKDAYS.items())))


def _clock(rng: random.Random) -> Slot:
    hour, minute = rng.randrange(24), rng.choice((0, 0, 5, 10, 15, 20, 30, 30, 45, 50))
    half, twelve = ("a.m.", hour % 12 or 12) if hour < 12 else ("p.m.", hour % 12 or 12)
    if minute == 0:
        return Slot(f"{hour} Uhr", f"{twelve} {half}")
    return Slot(f"{hour}{rng.choice('..:')}{minute:02d} Uhr", f"{twelve}:{minute:02d} {half}")


def _age(rng: random.Random) -> Slot:
    age = rng.randrange(13, 99)
    return Slot(f"{age}-", f"{age}-")


def _goals(rng: random.Random) -> Slot:
    home, away = rng.randrange(7), rng.randrange(5)
    return Slot(f"{home}:{away}", f"{home}-{away}")


def _decade(rng: random.Random) -> Slot:
    decade = rng.randrange(190, 203) * 10
    return Slot(f"{decade}er-Jahren", f"{decade}s")


def _ordinal(rng: random.Random) -> Slot:
    return Slot(*rng.choice(list(ORDINALS.items())))


def _distance(rng: random.Random) -> Slot:
    return _with_unit(rng, [("Kilometer", "kilometers"), ("Meter", "meters")])


def _area(rng: random.Random) -> Slot:
    units = [("Hektar", "hectares"), ("Quadratmeter", "square meters"), ("Quadratkilometer", "square kilometers")]
    return _with_unit(rng, units)


def _amount(rng: random.Random) -> Slot:
    units = [("Tonnen", "tons"), ("Liter", "liters"), ("Kilogramm", "kilograms"), ("Megawatt", "megawatts")]
    return _with_unit(rng, units)


def _with_unit(rng: random.Random, units: list[tuple[str, str]]) -> Slot:
    value = _tenths(rng) if rng.random() < 0.4 else Slot(*[str(rng.randrange(2, 1000))] * 2)
    german, english = rng.choice(units)
    return Slot(f"{value.german} {german}", f"{value.english} {english}")


SLOTS: dict[str, Callable[[random.Random], Slot]] = {
    "count": _count,
    "thousands": _plain_thousands,
    "small": _small,
    "tenths": _tenths,
    "percent": _percent,
    "percent_sign": _percent_sign,
    "money": _money,
    "sum": _sum,
    "year": _year,
    "day": _day,
    "month": _month,
    "weekday": _weekday,
    "clock": _clock,
    "age": _age,
    "goals": _goals,
    "decade": _decade,
    "ordinal": _ordinal,
    "distance": _distance,
    "area": _area,
    "amount": _amount,
}

TEMPLATES = (
    ("Die Zahl der Arbeitslosen stieg auf {count}.", "The number of unemployed rose to {count}."),
    (
        "Rund {count} Menschen demonstrierten am {weekday} in der Innenstadt.",
        "Around {count} people demonstrated in the city center on {weekday}.",
    ),
    ("Nach Angaben der Polizei kamen {count} Teilnehmer.", "According to the police, {count} participants came."),
    ("Das Unternehmen streicht {count} Stellen.", "The company is cutting {count} jobs."),
    (
        "Mehr als {count} Menschen wurden verletzt, {small} starben.",
        "More than {count} people were injured, {small} died.",
    ),
    ("{count} Haushalte waren ohne Strom.", "{count} households were without power."),
    (
        "Das Gesundheitsamt meldete {count} neue Fälle, {thousands} mehr als in der Vorwoche.",
        "The health department reported {count} new cases, {thousands} more than in the previous week.",
    ),
    ("Zum Spiel kamen {count} Zuschauer.", "{count} spectators came to the match."),
    ("Der Umsatz stieg um {percent} auf {money}.", "Revenue rose by {percent} to {money}."),
    ("Der Gewinn sank um {percent} auf {money}.", "Profit fell by {percent} to {money}."),
    (
        "Der Konzern erzielte im {ordinal} Quartal einen Umsatz von {money}.",
        "The group generated revenue of {money} in the {ordinal} quarter.",
    ),
    ("Die Inflationsrate lag im {month} bei {percent}.", "The inflation rate was {percent} in {month}."),
    ("Im {month} waren es noch {percent} gewesen.", "In {month}, it had still been {percent}."),
    (
        "Die Partei kommt in der Umfrage auf {percent}, {tenths} Punkte weniger als im {month}.",
        "The party comes to {percent} in the poll, {tenths} points less than in {month}.",
    ),
    ("Das sind {percent_sign} mehr als im Vorjahr.", "That is {percent_sign} more than in the previous year."),
    ("Die Aktie verlor {percent} auf {sum}.", "The share lost {percent} to {sum}."),
    ("Der Dax schloss {percent} höher bei {count} Punkten.", "The DAX closed {percent} higher at {count} points."),
    ("Die Kosten belaufen sich auf {money}.", "The costs amount to {money}."),
    ("Der Bund stellt dafür {money} bereit.", "The federal government is providing {money} for this."),
    ("Er muss eine Geldstrafe von {sum} zahlen.", "He must pay a fine of {sum}."),
    ("Die Karten kosten {sum}.", "The tickets cost {sum}."),
    ("Der Schaden wird auf {money} geschätzt.", "The damage is estimated at {money}."),
    (
        "Ein Kilo kostet derzeit {sum}, vor einem Jahr waren es {sum2}.",
        "A kilo currently costs {sum}; a year ago it was {sum2}.",
    ),
    ("Die Wahl findet am {day} statt.", "The election will take place on {day}."),
    ("Am {day} beginnt der Prozess.", "The trial begins on {day}."),
    ("Sie wurde am {day} in Wien geboren.", "She was born in Vienna on {day}."),
    ("Der Vertrag läuft am {day} aus.", "The contract expires on {day}."),
    ("Die Frist endet am {weekday}, dem {day}, um {clock}.", "The deadline ends on {weekday}, {day}, at {clock}."),
    ("Die Veranstaltung beginnt um {clock}.", "The event begins at {clock}."),
    ("Der Unfall ereignete sich am {weekday} gegen {clock}.", "The accident occurred on {weekday} at around {clock}."),
    ("Der Zug fährt um {clock} ab und kommt um {clock2} an.", "The train leaves at {clock} and arrives at {clock2}."),
    ("Der {age}Jährige wurde festgenommen.", "The {age}year-old was arrested."),
    ("Ein {age}jähriger Mann kam ums Leben.", "A {age}year-old man lost his life."),
    ("Eine {age}jährige Frau wurde schwer verletzt.", "A {age}year-old woman was seriously injured."),
    (
        "Der {age}Jährige und seine {age2}jährige Schwester blieben unverletzt.",
        "The {age}year-old and his {age2}year-old sister were unhurt.",
    ),
    ("Die Mannschaft gewann {goals}.", "The team won {goals}."),
    ("Das Hinspiel endete {goals}, das Rückspiel {goals2}.", "The first leg ended {goals}, the second leg {goals2}."),
    ("In den {decade} war das noch anders.", "In the {decade}, things were still different."),
    ("Das Haus stammt aus dem Jahr {year}.", "The house dates from {year}."),
    ("Von {year} bis {year2} leitete er die Behörde.", "From {year} to {year2}, he headed the authority."),
    ("Bis {year} sollen die Emissionen um {percent} sinken.", "Emissions are to fall by {percent} by {year}."),
    ("Die Strecke ist {distance} lang.", "The route is {distance} long."),
    ("Das Feuer zerstörte {area} Wald.", "The fire destroyed {area} of forest."),
    ("Geliefert wurden {amount}, erwartet {amount2}.", "{amount} were delivered, {amount2} expected."),
    ("Das nächste Krankenhaus ist {distance} entfernt.", "The nearest hospital is {distance} away."),
    ("Die {small} Verdächtigen sitzen in Untersuchungshaft.", "The {small} suspects are in custody."),
    ("Nach {small} Jahren ist Schluss.", "After {small} years, it is over."),
    ("Zum {ordinal} Mal in Folge stiegen die Preise.", "Prices rose for the {ordinal} time in a row."),
    ("{money} mehr für Schulen", "{money} more for schools"),
    ("{count} Teilnehmer bei Demonstration in Leipzig", "{count} participants at demonstration in Leipzig"),
    ("Umfrage: {percent} für Neuwahlen", "Survey: {percent} in favor of new elections"),
    ("Stand: {day}, {clock}", "As of: {day}, {clock}"),
    ("{day}", "{day}"),
    ("{sum}", "{sum}"),
    ("({percent_sign})", "({percent_sign})"),
)

_SLOT = re.compile(r"\{(\w+?)(\d?)\}")


def generate_numerals(count: int, rng: random.Random) -> list[Pair]:
    """So many different pairs, each a template with values drawn for its slots."""
    pairs: dict[Pair, None] = {}
    while len(pairs) < count:
        pairs[_fill(*rng.choice(TEMPLATES), rng)] = None
    return list(pairs)


def _fill(german: str, english: str, rng: random.Random) -> Pair:
    values = {match[0]: SLOTS[match[1]](rng) for match in _SLOT.finditer(german)}
    for name, value in values.items():
        german, english = german.replace(name, value.german), english.replace(name, value.english)
    return Pair(german, _capitalised(_with_article(english)))


def _with_article(english: str) -> str:
    return re.sub(r"\bA (?=8\d?-|18-|11-)", "An ", english)


def _capitalised(english: str) -> str:
    return english[:1].upper() + english[1:]
