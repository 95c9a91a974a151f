"""Names of a text, and the names that an article has in German, in its translation, or in another form of either."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from newsmt.formulas import EXONYMS
from newsmt.summarization.quantities import MONTHS, find_dates
from newsmt.summarization.words import WORD, fold, is_function_word

__all__ = ["Name", "NameList", "find_names"]

# What may stand before a word that is capitalised only because it begins a sentence or a quotation.
_BEGINS = re.compile(r"(?:\A|[.!?:…–—“„\"‘(\[]\s*|[-•]\s)\Z")


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word.

    initial: whether it would have its capital anyway, because it begins a sentence or a quotation.
    follows: the capitalised word directly before it, "" if there is none.
    """

    word: str
    initial: bool
    follows: str = ""


def find_names(text: str) -> list[Name]:
    """The capitalised words of a text; a hyphen parts them, and so "Blau-Weiß" is two."""
    names: list[Name] = []
    end = -1
    for match in WORD.finditer(text):
        word = match[0]
        if not any(letter.isupper() for letter in word):
            continue
        follows = names[-1].word if names and text[end : match.start()] == " " else ""
        names.append(Name(word, bool(_BEGINS.search(text[max(0, match.start() - 3) : match.start()])), follows))
        end = match.end()
    return names


# Capitalised in English although they name nobody, and words that sentences begin with; none of them is a name.
_NO_NAMES = frozenset(
    """
    i mr mrs ms miss dr prof am pm ok mio mrd tsd
    aid analysts another authorities authority campaigners children citizens companies company critics customers
    demonstrators dozens during eight eighteen eleven employees employers experts families farmers fifteen fifty figures
    fire firefighters five following former forty four fourteen government half hours hundreds initially instead
    investigators it's journalists judges last later latest lawmakers lawyers leaders local located long many meanwhile
    men millions ministers most nearly new nine nineteen nobody none officers officials one opposition organisers
    organizers over parents passengers people plans police politicians previously prices prosecutors protesters
    readers recently report reportedly reports rescuers researchers residents roughly scientists second seven
    seventeen seventy several shares six sixteen sixty since some someone spectators staff still students supporters
    talks teachers ten there thirteen thirty thousands three today tomorrow tonight traders travellers twelve twenty
    two unions unlike visitors voters witnesses women workers work yesterday young
    allerdings außerdem bislang demnächst derzeit erstmals gestern grund gründe heute inzwischen künftig mindestens
    mittlerweile morgen nachdem obwohl schließlich stattdessen trotzdem unklar zudem zugleich zunächst
    """.split()
)
# Written with a capital before a name and without one elsewhere.
_TITLES = frozenset(
    """
    ambassador archbishop bishop cardinal chair chairman chairwoman chancellor chief coach commissioner court defence
    defense deputy director district federal finance foreign general governor government health interior judge justice
    king leader lord mayor minister ministry north northern office opposition parliament party police pope premier
    president prime prince princess professor prosecutor queen regional river secretary senate senator south southern
    state street university vice west western east eastern central economics economy education environment interim
    labour labor transport vice-president
    """.split()
)


def _groups() -> Iterator[frozenset[str]]:
    """Folded words that stand for each other."""
    for line in _COUNTRIES.strip().splitlines():
        yield frozenset(fold(word) for word in line.split())
    for german, english in zip(MONTHS["de"], MONTHS["en"], strict=True):
        yield frozenset({fold(german), english})
    for line in _WEEKDAYS.strip().splitlines():
        yield frozenset(line.split())
    for german, english in EXONYMS.items():
        if " " not in german + english and "-" not in german + english:
            yield frozenset({fold(german), fold(english)})


_GERMAN_DAYS = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonnabend", "sonntag")
_WEEKDAYS = """
montag monday
dienstag tuesday
mittwoch wednesday
donnerstag thursday
freitag friday
samstag sonnabend saturday
sonntag sunday
"""
# Land, people, language: what "russische" in the article lets a summary say. German adjectives without their endings.
_COUNTRIES = """
Afghanistan afghanisch Afghane Afghanen Afghan Afghans
Ägypten ägyptisch Ägypter Egypt Egyptian Egyptians
Albanien albanisch Albaner Albania Albanian Albanians
Amerika amerikanisch Amerikaner USA US America American Americans
Argentinien argentinisch Argentinier Argentina Argentine Argentinian
Australien australisch Australier Australia Australian Australians
Bayern bayerisch bayrisch Bavaria Bavarian Bavarians
Belarus belarussisch Belarusian Belarusians
Belgien belgisch Belgier Belgium Belgian Belgians
Brasilien brasilianisch Brasilianer Brazil Brazilian Brazilians
Bulgarien bulgarisch Bulgaren Bulgaria Bulgarian Bulgarians
China chinesisch Chinese Chinesen Chinas
Dänemark dänisch Däne Dänen Denmark Danish Dane Danes
Deutschland deutsch Deutsche Deutschen Deutscher Germany German Germans
England englisch Engländer English
Estland estnisch Esten Estonia Estonian Estonians
Europa europäisch Europäer Europe European Europeans
Finnland finnisch Finnen Finland Finnish Finns
Frankreich französisch Franzose Franzosen France French
Griechenland griechisch Griechen Greece Greek Greeks
Großbritannien britisch Briten Brite Britain British Briton Britons UK
Indien indisch Inder India Indian Indians
Irak irakisch Iraker Iraq Iraqi Iraqis
Iran iranisch Iraner Iranian Iranians
Irland irisch Iren Ireland Irish
Israel israelisch Israeli Israelis
Italien italienisch Italiener Italy Italian Italians
Japan japanisch Japaner Japanese
Kanada kanadisch Kanadier Canada Canadian Canadians
Korea koreanisch Koreaner Korean Koreans Nordkorea nordkoreanisch Südkorea südkoreanisch
Kroatien kroatisch Kroaten Croatia Croatian Croatians
Lettland lettisch Letten Latvia Latvian Latvians
Litauen litauisch Litauer Lithuania Lithuanian Lithuanians
Luxemburg luxemburgisch Luxembourg
Mexiko mexikanisch Mexikaner Mexico Mexican Mexicans
Moldau moldauisch Moldova Moldovan
Niederlande niederländisch Niederländer Netherlands Dutch Holland
Norwegen norwegisch Norweger Norway Norwegian Norwegians
Österreich österreichisch Österreicher Austria Austrian Austrians
Palästina palästinensisch Palästinenser Palestine Palestinian Palestinians
Polen polnisch Pole Poland Polish Poles
Portugal portugiesisch Portugiesen Portuguese
Preußen preußisch Prussia Prussian
Rumänien rumänisch Rumänen Romania Romanian Romanians
Russland russisch Russe Russen Russia Russian Russians
Sachsen sächsisch Saxony Saxon
Schottland schottisch Schotten Scotland Scottish Scots
Schweden schwedisch Schwede Schweden Sweden Swedish Swede Swedes
Schweiz schweizerisch Schweizer Switzerland Swiss
Serbien serbisch Serben Serbia Serbian Serbs
Slowakei slowakisch Slowaken Slovakia Slovak Slovaks
Slowenien slowenisch Slowenen Slovenia Slovenian Slovenes
Spanien spanisch Spanier Spain Spanish Spaniards
Syrien syrisch Syrer Syria Syrian Syrians
Taiwan taiwanisch Taiwaner Taiwanese
Tschechien tschechisch Tschechen Czech Czechia Czechs
Türkei türkisch Türken Turkey Turkish Turks
Ukraine ukrainisch Ukrainer Ukrainian Ukrainians
Ungarn ungarisch Hungary Hungarian Hungarians
Alpen alpin Alps Alpine
"""
_GROUPS: dict[str, frozenset[str]] = {}
for _group in _groups():
    for _word in _group:
        _GROUPS[_word] = _GROUPS.get(_word, frozenset()) | _group
_GERMAN_ADJECTIVE_ENDING = re.compile(r"(?<=sch)e[mnrs]?\Z|(?<=alpin)e[mnrs]?\Z")
# "Berliner" lets a summary say "Berlin", "Ukrainekrieg" "Ukraine".
_GERMAN_NAME_ENDING = re.compile(r"(?:er|ern|ers|erin|erinnen|[a-z]{5,})\Z")
_FEWEST_LETTERS_OF_A_STEM = 4


class NameList:
    """The names that an article has, in any of its forms.

    source: the German article; translation: its English one, "" where there is none.
    """

    def __init__(self, source: str, translation: str = "") -> None:
        self._capitalised: set[str] = set()
        self._others: set[str] = set()
        self._successors: dict[str, set[str]] = defaultdict(set)
        for text in filter(None, (source, translation)):
            self._read(text)
        german = WORD.findall(source)
        self._german = {form for word in german if word[0].isupper() for form in _forms(word)}
        self._german_stems = {_german_stem(word) for word in german}
        for _, month in find_dates(source, "de"):  # "3.5." lets a summary say "3 May"
            self._capitalised |= {MONTHS["de"][month - 1], MONTHS["en"][month - 1]}
        self._initials = set(_initials(source)) | set(_initials(translation))

    def unsupported(self, text: str, language: Literal["de", "en"] = "en") -> list[str]:
        """The names of a text that the article does not have, or has only apart ("Helga" and "Thießen").

        Every noun of a German text is a name here, in whatever case and number.
        """
        names = [name for name in find_names(text) if not self._knows(name)]
        if language == "de":
            names = [name for name in names if _german_stem(name.word) not in self._german_stems]
        pairs = [f"{name.follows} {name.word}" for name in find_names(text) if self._is_swapped(name)]
        return list(dict.fromkeys([*(name.word for name in names), *pairs]))

    def _read(self, text: str) -> None:
        end = -1
        previous: tuple[str, ...] = ()
        for match in WORD.finditer(text):
            word = match[0]
            forms = _forms(word)
            capital = any(letter.isupper() for letter in word)
            (self._capitalised if capital else self._others).update(forms)
            self._add_relatives(word)
            adjacent = text[end : match.start()] == " "
            for form in previous:
                self._successors[form].update(forms if adjacent and capital else {""})
            previous = forms if capital else ()
            end = match.end()
        for form in previous:
            self._successors[form].add("")

    def _add_relatives(self, word: str) -> None:
        form = fold(word)
        adjective = _GERMAN_ADJECTIVE_ENDING.sub("", form)
        if word[0].isupper() and (word.isupper() or form != "us"):
            for one in (*_forms(word), adjective):
                self._capitalised |= _GROUPS.get(one, frozenset())
        elif adjective.endswith(("sch", "alpin")):
            self._capitalised |= _GROUPS.get(adjective, frozenset())
        for day in _GERMAN_DAYS:
            if form.startswith(day):
                self._capitalised |= _GROUPS[day]

    def _knows(self, name: Name) -> bool:
        forms = _forms(name.word)
        first = forms[0]
        if first in ("i", "a") or name.word.startswith(("I’", "I'")):
            return True
        if first in _NO_NAMES and not _is_acronym(name.word):
            return True
        if not self._capitalised.isdisjoint(forms) or name.word in self._initials:
            return True
        if (name.initial or first in _TITLES) and not self._others.isdisjoint((*forms, f"{first}s")):
            return True
        if name.initial and is_function_word(name.word) and not _is_acronym(name.word):
            return True
        return self._is_part_of_german(first)

    def _is_part_of_german(self, word: str) -> bool:
        if len(word) < _FEWEST_LETTERS_OF_A_STEM:
            return False
        return any(
            one.startswith(word) and _GERMAN_NAME_ENDING.fullmatch(one[len(word) :])
            for one in self._german
            if len(one) > len(word)
        )

    def _is_swapped(self, name: Name) -> bool:
        """Whether the word before never stands alone in the article, nor before this one: another one's first name."""
        before = fold(name.follows)
        successors = self._successors.get(before, set())
        if not name.follows or not successors or "" in successors or before in _NO_NAMES | _TITLES:
            return False
        return successors.isdisjoint(_forms(name.word))


def _is_acronym(word: str) -> bool:
    """US and WHO are names, us and who are not."""
    return len(word) > 1 and word.isupper() and word not in ("AM", "PM", "OK")


def _forms(word: str) -> tuple[str, ...]:
    """A word and what it may be an inflection of: "Putins" is also Putin, "Mueller" also Muller."""
    first = fold(word)
    forms = [first]
    if word[0].isupper():
        forms += [first[:-1]] if first.endswith("s") and len(first) > _FEWEST_LETTERS_OF_A_STEM else []
        forms += [first.replace("ae", "a").replace("oe", "o").replace("ue", "u")]
    return tuple(dict.fromkeys(forms))


_GERMAN_INFLECTION = re.compile(r"(?<=\w{4})(?:ern|er|en|em|es|e|n|s)\Z")


def _german_stem(word: str) -> str:
    return _GERMAN_INFLECTION.sub("", fold(word))


_RUN = re.compile(r"[A-ZÄÖÜ][\w’]*(?:(?: | of | for | the | der | des | für | und | and |-)+[A-ZÄÖÜ][\w’]*)+")


def _initials(text: str) -> Iterator[str]:
    """The acronyms that a text explains without naming them: "Munich Security Conference" is MSC."""
    for run in _RUN.findall(text):
        letters = [word[0] for word in re.findall(r"\w+", run) if word[0].isupper()]
        for start in range(len(letters)):
            for end in range(start + 2, min(len(letters), start + 6) + 1):
                yield "".join(letters[start:end])
