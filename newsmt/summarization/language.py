"""Which language a sentence of a summary is in."""

from __future__ import annotations

import re
from typing import Literal

from newsmt.summarization.words import WORD

__all__ = ["is_written_in"]

# Function words that the other language does not have.
_ENGLISH = frozenset(
    """the of and to is are was were be been has have had that this these those with for from by at as on his her their
    its it he she they we you not but which who will would can could should after before over under about into more
    than said says new two one first last year years people there what when where while how because""".split()
)
_GERMAN = frozenset(
    """der die das dem den des ein eine einen einem einer eines und oder aber ist sind waren wird wurde wurden werden
    haben hatte hatten nicht kein keine auch nach auf aus bei beim mit von vom zu zum zur für über gegen im sich sie er
    wir ich es dass wie als noch nur sagte mehr seit unter vor durch sein seine ihre""".split()
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_FEWEST_WORDS = 6
_LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pt", "pl", "da", "sv", "tr", "la", "no", "cs", "hu")


def is_written_in(text: str, language: Literal["de", "en"]) -> bool:
    """Whether a sentence is, as far as one can tell, English or German; too few words count as either."""
    words = [word.lower() for word in WORD.findall(text) if not word[0].isdigit()]
    latin = [word for word in words if _LATIN.match(word)]
    if 2 * len(latin) < len(words):
        return False
    english = sum(word in _ENGLISH for word in words)
    german = sum(word in _GERMAN for word in words)
    if max(english, german) >= 2 and english != german:
        return (english > german) == (language == "en")
    return len(words) < _FEWEST_WORDS or _most_likely(text) == language


def _most_likely(text: str) -> str:
    # The library takes most of a second to load; few sentences come here.
    import py3langid

    return next(str(language) for language, _ in py3langid.rank(text) if language in _LANGUAGES)
