"""Words as the summariser compares them: without case, accents, inflection and the words that carry no content."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

__all__ = ["WORD", "content_stems", "distinct_stems", "fold", "is_function_word", "stem"]

# Hyphens part compounds ("Nordkorea-Soldaten"); apostrophes are cut off with what follows ("Putin's").
WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)?")

_FUNCTION_WORDS = frozenset(
    """
    a about above after again against all also although am among an and another any are around as at away be because
    been before being below between both but by came can cannot could did do does doing down during each either else
    even ever every few for from further get gets got had has have having he her here hers herself him himself his how
    however i if in including into is it its itself just last later least less like made make makes many may me
    meanwhile might more moreover most much must my neither never next no nor not nothing now of off often on once one
    only onto or other our out over own per rather really same several shall she should since so some soon still such
    than that the their them themselves then there therefore these they this those though through thus to together too
    toward towards under until up upon us very was way we well were what when where whether which while who whom whose
    why will with within without would yes yet you your
    said say says saying told according added explained stressed
    ab aber alle allem allen aller alles als also am an andere anderen anderer ans auch auf aus bei beim bereits bis
    bisher da dabei dadurch dafür dagegen daher damit danach daran darauf darin darüber das dass davon dazu dein dem
    demnach den denen denn dennoch der deren des deshalb dessen die dies diese dieser diesem diesen dieses doch dort
    du durch ein eine einem einen einer eines er erst es etwa etwas euch für gar gegen gibt gilt ging hat hatte hatten
    haben habe hätte hätten hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer ihres im immer in indem ins
    ist ja jede jedem jeden jeder jedes jedoch jetzt kam kann kein keine keinem keinen keiner konnte konnten können
    könne könnte könnten lediglich man mehr mein mit muss musste müssen müsse mussten nach nachdem neben nicht nichts
    noch nun nur ob obwohl oder ohne oft rund schon sehr sei seien sein seine seinem seinen seiner seines seit selbst
    sich sie sind so sogar solche soll sollen sollte sollten sondern sonst sowie statt trotz über um und uns unter
    viel viele vielen vom von vor wann war waren warum was weil weiter weitere weiteren welche wenn wer werde werden
    wegen weniger wie wieder will wir wird wo wollen wollte worden wurde wurden während wäre wären würde würden zu
    zudem zuletzt zum zur zwar zwischen
    sagte sagten sagt erklärte erklärt betonte teilte mitteilte hieß laut angaben
    """.split()
)
_STEM_LETTERS = 6


def is_function_word(word: str) -> bool:
    """Whether a word carries no content of its own in English or German news."""
    return word.lower() in _FUNCTION_WORDS


_POSSESSIVE = re.compile(r"[’'](?:s|S)?\Z")


@lru_cache(maxsize=65536)  # an article says the same words over and over
def fold(word: str) -> str:
    """A word in lower case without accents and the English possessive: "Larrañaga’s" is larranaga, "ß" is ss."""
    word = _POSSESSIVE.sub("", word).casefold()
    if word.isascii():
        return word
    return "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))


def stem(word: str) -> str:
    """The first six letters of a folded word: crude, the same for German and English, and enough to compare by."""
    return fold(word)[:_STEM_LETTERS]


def content_stems(text: str) -> list[str]:
    """The stems of a text's words that carry content, in order, numbers included."""
    return [stem(word) for word in WORD.findall(text) if not is_function_word(word)]


@lru_cache(maxsize=4096)
def distinct_stems(text: str) -> frozenset[str]:
    """The same without order and repetition; remembered, as sentences are compared many times."""
    return frozenset(content_stems(text))
