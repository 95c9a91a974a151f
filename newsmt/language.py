"""Which blocks are not German: an English quotation or a French paragraph inside an article is passed on as it is."""

from __future__ import annotations

import re

__all__ = ["foreign_language"]

# Words that German prose cannot do without and that neither English nor French has.
_GERMAN = re.compile(
    r"""(?<!\w)(?:der|die|das|dem|den|des|ein|eine|einen|einem|einer|eines|und|oder|aber|ist|sind|war|waren|wird|wurde|
    wurden|werden|hat|haben|hatte|nicht|kein|keine|auch|nach|auf|aus|bei|beim|mit|von|vom|zu|zum|zur|für|über|gegen|im|
    am|sich|sie|er|wir|ich|es|dass|wie|als|noch|nur|sagte|mehr|seit|unter|vor|durch)(?!\w)|[äöüßÄÖÜ]""",
    re.VERBOSE | re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN_OR_NONE = re.compile(r"[A-Za-z\u00c0-\u024f]")
_LANGUAGES = ("de", "en", "fr", "it", "es", "nl", "pt", "pl", "da", "sv", "tr", "la", "lb", "af", "no", "cs", "hu")
_FEWEST_WORDS = 5


def foreign_language(text: str) -> str | None:
    """The ISO 639-1 code of a block that is surely not German ("und" for a script that is not Latin), else None.

    A block with German words among every eight, or of fewer than five words in Latin script, counts as German: a
    translation too many is better than a paragraph left out.
    """
    words = _WORD.findall(text)
    if not words:
        return None
    latin = sum(1 for word in words if _LATIN_OR_NONE.match(word))
    if latin < len(words) / 2:
        return "und"
    if len(words) < _FEWEST_WORDS or len(_GERMAN.findall(text)) * 8 > len(words):
        return None
    language = _most_likely(text)
    return None if language == "de" else language


def _most_likely(text: str) -> str:
    # The library weighs 5 MB and takes most of a second to load: German articles never come here.
    import py3langid

    return next(str(language) for language, _ in py3langid.rank(text) if language in _LANGUAGES)
