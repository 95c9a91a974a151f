"""Fixed phrases of news copy that are translated by rule: datelines, bylines, photo credits, capitals of kickers.

Small models invent text for such fragments, and every one repeats ALL-CAPS lines without end. What a rule can translate
never reaches a model.
"""

from __future__ import annotations

import re

__all__ = [
    "expand_abbreviations",
    "from_capitals",
    "is_all_capitals",
    "split_dateline",
    "translate_byline",
    "translate_credit",
    "translate_dateline",
]

# Places whose English name differs, as they head agency reports.
EXONYMS = {
    "Addis Abeba": "Addis Ababa",
    "Algier": "Algiers",
    "Athen": "Athens",
    "Bagdad": "Baghdad",
    "Basel": "Basel",
    "Belgrad": "Belgrade",
    "Braunschweig": "Brunswick",
    "Brüssel": "Brussels",
    "Bukarest": "Bucharest",
    "Damaskus": "Damascus",
    "Den Haag": "The Hague",
    "Dschidda": "Jeddah",
    "Florenz": "Florence",
    "Genf": "Geneva",
    "Hannover": "Hanover",
    "Havanna": "Havana",
    "Jekaterinburg": "Yekaterinburg",
    "Kairo": "Cairo",
    "Kapstadt": "Cape Town",
    "Kasan": "Kazan",
    "Khartum": "Khartoum",
    "Kiew": "Kyiv",
    "Kopenhagen": "Copenhagen",
    "Köln": "Cologne",
    "Lissabon": "Lisbon",
    "Luxemburg": "Luxembourg",
    "Luzern": "Lucerne",
    "Mailand": "Milan",
    "Mexiko-Stadt": "Mexico City",
    "Moskau": "Moscow",
    "München": "Munich",
    "Neapel": "Naples",
    "Neu-Delhi": "New Delhi",
    "Nikosia": "Nicosia",
    "Nizza": "Nice",
    "Nürnberg": "Nuremberg",
    "Peking": "Beijing",
    "Prag": "Prague",
    "Pjöngjang": "Pyongyang",
    "Riad": "Riyadh",
    "Rom": "Rome",
    "Sankt Petersburg": "Saint Petersburg",
    "Singapur": "Singapore",
    "Straßburg": "Strasbourg",
    "Teheran": "Tehran",
    "Tiflis": "Tbilisi",
    "Tokio": "Tokyo",
    "Tripolis": "Tripoli",
    "Turin": "Turin",
    "Venedig": "Venice",
    "Vatikanstadt": "Vatican City",
    "Warschau": "Warsaw",
    "Washington": "Washington",
    "Wien": "Vienna",
    "Zürich": "Zurich",
}
_EXONYM_OF_CAPITALS = {german.upper(): english.upper() for german, english in EXONYMS.items()}

_PLACE = r"[A-ZÄÖÜ][\wäöüßÄÖÜ.’'-]*(?:[ /][A-Za-zÄÖÜäöü][\wäöüßÄÖÜ.’'-]*){0,3}"
# A party or a country in brackets follows a person, not a place.
_AGENCY = r" \((?!(?:CDU|CSU|SPD|FDP|AfD|Grüne|Linke|BSW|USA|[\d.]+)\))[\w./ -]{2,20}\)"
_DATE = r"(?:, \d{1,2}\. \w+)?"
_DATELINE = re.compile(rf"({_PLACE}(?:/{_PLACE})*{_DATE}{_AGENCY})(\s*[-–—]\s+|\s+(?=[A-ZÄÖÜ„»\"]))")
# Without an agency only capitals are sure to be a dateline: "Berlin – eine Stadt" is a sentence.
_CAPITAL_PLACE = r"[A-ZÄÖÜ][A-ZÄÖÜß.’'-]{2,}(?: [A-ZÄÖÜ][A-ZÄÖÜß.’'-]+){0,3}"
_BARE_DATELINE = re.compile(rf"({_CAPITAL_PLACE}(?:/{_CAPITAL_PLACE})*{_DATE})(\s+[-–—]\s+)(?=[A-ZÄÖÜ„»\"])")


def split_dateline(text: str) -> tuple[str, str, str] | None:
    """Cut "BERLIN (dpa) - Text" into the dateline, the dash with its spaces, and the text; None without a dateline."""
    match = _DATELINE.match(text) or _BARE_DATELINE.match(text)
    if not match or match.end() == len(text) or text[match.end() :].isupper():
        return None
    return match[1], match[2], text[match.end() :]


def translate_dateline(dateline: str) -> str:
    """The dateline with English place names; agencies stay as they are."""
    place, bracket, agency = dateline.partition(" (")
    parts = re.split(r"(/)", place)
    return "".join(_EXONYM_OF_CAPITALS.get(part, EXONYMS.get(part, part)) for part in parts) + bracket + agency


_NAME = r"(?:[A-ZÄÖÜ][\w.’'-]*|von|van|de|med\.|phil\.|jur\.)"
_BYLINE = re.compile(rf"(?:[Vv]on|VON)\s+{_NAME}(?:(?:\s*[,/]\s*|\s+(?:und\s+|UND\s+)?){_NAME})*\Z")


def translate_byline(text: str) -> str | None:
    """Turn "Von Anna Beispiel und Max Muster" into "By Anna Beispiel and Max Muster"; None for more than names."""
    if not _BYLINE.match(text):
        return None
    english = re.sub(r"\Avon\b", "By", text, count=1, flags=re.IGNORECASE)
    if text.isupper():
        return english.upper().replace(" UND ", " AND ")
    return re.sub(r"\bund\b", "and", english)


_CREDITS = {
    "foto": "Photo",
    "fotos": "Photos",
    "bild": "Image",
    "bilder": "Images",
    "grafik": "Graphic",
    "quelle": "Source",
    "video": "Video",
    "symbolbild": "Symbolic image",
    "archivbild": "File image",
    "archivfoto": "File photo",
}
_CREDIT = re.compile(rf"({'|'.join(_CREDITS)})(\s*:\s*)([^\s.!?]+(?:[ /][^\s.!?]+){{0,3}})\Z", re.IGNORECASE)


def translate_credit(text: str) -> str | None:
    """Turn "Foto: dpa/Muster" into "Photo: dpa/Muster"; None where a sentence follows, which a model must translate."""
    match = _CREDIT.match(text)
    if not match or re.search(r"\s[a-zäöü]{3,}(?:\s|$)", match[3]):
        return None
    return _CREDITS[match[1].lower()] + match[2] + match[3]


_WORD = re.compile(r"[^\W\d_]+")
# Written small within a German headline.
_SMALL_WORDS = frozenset(
    """aber ab als am an auch auf aus bei beim bis dann das dass dem den denn der des die doch durch ein eine einem
    einen einer eines er erst es für gegen gibt haben hat hinter ich ihr ihre im in ins ist ja jetzt kann kein keine
    können man mehr mit muss müssen nach neue neuen neuer neues nicht noch nur ob oder ohne schon sein sich sie sind so
    soll sollen trotz um und unter vom von vor war was wegen weil wenn wer werden wie wieder will wir wird wo zu zum
    zur zwischen über""".split()
)
_VOWEL = re.compile(r"[AEIOUÄÖÜY]")


def is_all_capitals(text: str) -> bool:
    """Whether a line shouts: two words or eight letters at least, all capital and not just an acronym or two."""
    words = _WORD.findall(text)
    letters = "".join(words)
    if not letters.replace("ß", "").isupper():
        return False
    if len(words) > 2 and len(letters) >= 10:
        return True
    return any(len(word) > 4 for word in words) and (len(words) > 1 or len(letters) >= 8)


def from_capitals(text: str) -> str:
    """Turn "KRIEG IN DER UKRAINE" into "Krieg in der Ukraine": most words of a kicker are nouns; acronyms stay."""
    seen_word = False

    def lower(match: re.Match[str]) -> str:
        nonlocal seen_word
        word, first = match[0], not seen_word
        seen_word = True
        if word.lower() in _SMALL_WORDS:
            return word.capitalize() if first else word.lower()
        if word in _MIXED_CASE:
            return _MIXED_CASE[word]
        if len(word) <= 4 and (not _VOWEL.search(word) or word in _ACRONYMS):
            return word
        return word.capitalize()

    return _WORD.sub(lower, text)


_ACRONYMS = frozenset(
    """ARD BIP BKA BND CDU CIA CSU DAX DFB EM EU EZB FBI FDP FIFA IAEA IG IOC IT IWF KI KZ NASA NATO NGO OECD OPEC PC
    SAP SPD TÜV TV UEFA UN UNO US USA UFO VW WM WHO WTO ZDF""".split()
)
_MIXED_CASE = {"AFD": "AfD", "EUGH": "EuGH", "GMBH": "GmbH"}


# Written out they cost a model nothing; abbreviated, small models read "u. a." as letters.
_ABBREVIATIONS = {
    "bzw.": "beziehungsweise",
    "ca.": "etwa",
    "d. h.": "das heißt",
    "einschl.": "einschließlich",
    "etc.": "und so weiter",
    "ggf.": "gegebenenfalls",
    "i. d. R.": "in der Regel",
    "inkl.": "inklusive",
    "m. E.": "meines Erachtens",
    "Mio.": "Millionen",
    "Mrd.": "Milliarden",
    "o. ä.": "oder ähnliches",
    "s. o.": "siehe oben",
    "sog.": "sogenannte",
    "s. u.": "siehe unten",
    "Tsd.": "Tausend",
    "u. a.": "unter anderem",
    "u. U.": "unter Umständen",
    "usw.": "und so weiter",
    "vgl.": "vergleiche",
    "v. a.": "vor allem",
    "z. B.": "zum Beispiel",
    "z. T.": "zum Teil",
    "zzgl.": "zuzüglich",
}
_EXPANSIONS = {short.replace(" ", "").lower(): long for short, long in _ABBREVIATIONS.items()}
_ABBREVIATION = re.compile(
    r"(?<![\w.])(?:" + "|".join(re.escape(short).replace(r"\ ", r"\s?") for short in _ABBREVIATIONS) + r")(?!\w)",
    re.IGNORECASE,
)


def expand_abbreviations(text: str) -> str:
    """Turn "u. a. 5 Mio. Euro" into "unter anderem 5 Millionen Euro"; a full stop that ends the text stays."""

    def expand(match: re.Match[str]) -> str:
        short = re.sub(r"\s", "", match[0])
        long = _EXPANSIONS[short.lower()]
        ends_text = not text[match.end() :].strip(" \"'“”«»)]")
        return (long[0].upper() + long[1:] if short[0].isupper() and not long[0].isupper() else long) + (
            "." if ends_text else ""
        )

    return _ABBREVIATION.sub(expand, text)
