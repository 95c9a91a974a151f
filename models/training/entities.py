"""Sentences full of names: countries, cities, languages and currencies as CLDR has them, offices by our own list."""

from __future__ import annotations

import random
from collections.abc import Iterable
from functools import cache
from typing import Any

from models.training.corpora import Pair

__all__ = ["TITLES", "city_names", "country_names", "currency_names", "generate_entities", "language_names"]

# Offices as German papers name them and as English ones do.
TITLES = {
    "Bundeskanzler": "Chancellor",
    "Bundeskanzlerin": "Chancellor",
    "Bundespräsident": "Federal President",
    "Außenminister": "Foreign Minister",
    "Außenministerin": "Foreign Minister",
    "Bundesinnenminister": "Federal Interior Minister",
    "Innenminister": "Interior Minister",
    "Innenministerin": "Interior Minister",
    "Verteidigungsminister": "Defense Minister",
    "Verteidigungsministerin": "Defense Minister",
    "Finanzminister": "Finance Minister",
    "Finanzministerin": "Finance Minister",
    "Wirtschaftsminister": "Economy Minister",
    "Justizministerin": "Justice Minister",
    "Umweltministerin": "Environment Minister",
    "Gesundheitsminister": "Health Minister",
    "Verkehrsminister": "Transport Minister",
    "Landwirtschaftsminister": "Agriculture Minister",
    "Ministerpräsident": "Prime Minister",
    "Ministerpräsidentin": "Prime Minister",
    "Regierungschef": "head of government",
    "Staatschef": "head of state",
    "Oberbürgermeister": "Mayor",
    "Bürgermeisterin": "Mayor",
    "Oppositionsführer": "opposition leader",
    "Parteichef": "party leader",
    "Fraktionschef": "parliamentary group leader",
    "Generalsekretär": "Secretary General",
    "Vorstandschef": "CEO",
    "Geschäftsführerin": "managing director",
    "Bundestrainer": "national coach",
    "Staatsanwältin": "public prosecutor",
    "Regierungssprecher": "government spokesman",
    "Polizeisprecherin": "police spokeswoman",
    "Botschafter": "Ambassador",
    "EU-Kommissionspräsidentin": "European Commission President",
    "Papst": "Pope",
    "König": "King",
    "Königin": "Queen",
}
_COUNTRY_TEMPLATES = (
    (
        "Die Regierung von {0} und {1} unterzeichneten das Abkommen.",
        "The governments of {0} and {1} signed the agreement.",
    ),
    ("In {0} leben mehr Menschen als in {1}.", "More people live in {0} than in {1}."),
    ("Das Spiel {0} gegen {1} endete unentschieden.", "The match {0} against {1} ended in a draw."),
    ("Die Ausfuhren nach {0}, {1} und {2} nahmen zu.", "Exports to {0}, {1} and {2} increased."),
    ("Wie steht {0} zu {1}?", "What is {0}'s position on {1}?"),
    ("{0} und {1} verhandeln wieder", "{0} and {1} are negotiating again"),
)
_CITY_TEMPLATES = (
    ("Von {0} nach {1} fliegt man mehrere Stunden.", "It takes several hours to fly from {0} to {1}."),
    ("In {0} gingen am Abend Tausende auf die Straße.", "Thousands took to the streets in {0} in the evening."),
    ("Das Treffen findet nicht in {0}, sondern in {1} statt.", "The meeting will take place not in {0} but in {1}."),
    ("{0} (dpa) - In {1} hat die Konferenz begonnen.", "{0} (dpa) - The conference has begun in {1}."),
)
_LANGUAGE_TEMPLATES = (
    ("Das Buch wurde ins {0} und ins {1} übersetzt.", "The book has been translated into {0} and {1}."),
    ("Sie spricht {0} und {1}.", "She speaks {0} and {1}."),
)
_CURRENCY_TEMPLATES = (("{0}", "{0}"), ("Währung: {0}", "Currency: {0}"))
_TITLE_TEMPLATES = (
    ("{title} {name} wies die Vorwürfe zurück.", "{title} {name} rejected the accusations."),
    ("{title} {name} reist am Montag nach {city}.", "{title} {name} is traveling to {city} on Monday."),
    ("Das sagte {title} {name} in {city}.", "{title} {name} said this in {city}."),
    ('"Das ist ein gutes Zeichen", sagte {title} {name}.', '"That is a good sign," said {title} {name}.'),
    ("{title} {name} kündigte seinen Rücktritt an.", "{title} {name} announced his resignation."),
    ("Kritik kam von {title} {name} aus {city}.", "Criticism came from {title} {name} from {city}."),
)


@cache
def _locales() -> tuple[Any, Any]:
    from babel import Locale

    return Locale("de"), Locale("en")


def country_names() -> list[Pair]:
    """Territories with a two-letter code, as "in ..." takes them: those that need an article in German are left out."""
    german, english = (locale.territories for locale in _locales())
    return [
        Pair(german[code], english[code])
        for code in sorted(german)
        if len(code) == 2
        and code in english
        and not set("(&") & set(german[code] + english[code])
        and not _takes_article(german[code])
    ]


def city_names() -> list[Pair]:
    """Cities that name a time zone."""
    german, english = (locale.time_zones for locale in _locales())
    return [
        Pair(german[zone]["city"], english.get(zone, {}).get("city") or _city_of_zone(zone))
        for zone in sorted(german)
        if german[zone].get("city") and "/" in zone and not zone.startswith(("Etc/", "Antarctica/"))
    ]


def language_names() -> list[Pair]:
    """Languages with a two-letter code."""
    german, english = (locale.languages for locale in _locales())
    return [
        Pair(german[code], english[code])
        for code in sorted(german)
        if len(code) == 2 and code in english and german[code].isalpha() and english[code].isalpha()
    ]


def currency_names() -> list[Pair]:
    """Currencies in use and of old."""
    german, english = (locale.currencies for locale in _locales())
    return [Pair(german[code], english[code]) for code in sorted(german) if code in english and "(" not in german[code]]


def generate_entities(count: int, rng: random.Random, people: Iterable[str]) -> list[Pair]:
    """So many different pairs of sentences full of names; `people`: names that are the same in both languages."""
    names = sorted(set(people)) or ["Schmidt"]
    kinds = (
        (_COUNTRY_TEMPLATES, country_names()),
        (_CITY_TEMPLATES, city_names()),
        (_LANGUAGE_TEMPLATES, language_names()),
        (_CURRENCY_TEMPLATES, currency_names()),
    )
    cities, titles = city_names(), list(TITLES.items())
    pairs: dict[Pair, None] = {}
    while len(pairs) < count:
        if rng.random() < 0.5:
            pairs[_title_pair(rng, titles, names, cities)] = None
        else:
            templates, entries = rng.choices(kinds, weights=(3, 3, 1, 1))[0]
            chosen = rng.sample(entries, 3)
            german, english = rng.choice(templates)
            pairs[Pair(german.format(*(x.source for x in chosen)), english.format(*(x.target for x in chosen)))] = None
    return list(pairs)


def _title_pair(rng: random.Random, titles: list[tuple[str, str]], names: list[str], cities: list[Pair]) -> Pair:
    german, english = rng.choice(_TITLE_TEMPLATES)
    title, city = rng.choice(titles), rng.choice(cities)
    name = " ".join(rng.sample(names, min(len(names), rng.choice((1, 2)))))
    if title[0].endswith("in") and "seinen" in german:
        german, english = german.replace("seinen", "ihren"), english.replace(" his ", " her ")
    filled = english.format(title=title[1], name=name, city=city.target)
    return Pair(german.format(title=title[0], name=name, city=city.source), filled[:1].upper() + filled[1:])


def _takes_article(german: str) -> bool:
    """Names that German uses with an article ("die Schweiz", "die USA", "der Iran"), or in the plural."""
    bare = {
        "Schweiz", "Türkei", "Slowakei", "Ukraine", "Mongolei", "Niederlande", "Iran", "Irak", "Libanon", "Sudan",
        "Südsudan", "Jemen", "Vatikanstadt", "Philippinen", "Malediven", "Seychellen", "Komoren", "Bahamas", "Kongo",
        "Tschad", "Niger", "Senegal",
    }  # fmt: skip
    plural_or_adjective = german.split()[0].endswith("e") and " " in german
    return german in bare or plural_or_adjective or " und " in german or "inseln" in german.lower()


def _city_of_zone(zone: str) -> str:
    return zone.rsplit("/", 1)[1].replace("_", " ")
