"""Words are the same pieces behind a quotation mark and in a compound, and texts come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmt.backends import load_backend
from newsmt.backends.pretokenization import PRETOKENIZATIONS, rejoin, separate
from newsmt.backends.tokenizer import load_tokenizer
from newsmt.checkpoint import open_checkpoint
from newsmt.errors import ModelFilesError


@pytest.mark.parametrize(
    ("text", "separated"),
    [
        ('"Russland hat", sagte er. "Wir"', '" Russland hat", sagte er. " Wir"'),
        ('Die ("Etwa 2.000") blieben', 'Die ( " Etwa 2.000") blieben'),
        ("der US-Präsident und der 18-Jährige", "der US - Präsident und der 18 - Jährige"),
        ("E-Mail-Adresse", "E - Mail - Adresse"),
        ("COVID-19, 2:1, 3-4, Ein- und Ausfuhr", "COVID-19, 2:1, 3-4, Ein- und Ausfuhr"),
        ("'Der Hafen' steht, the players' union, rock 'n' roll", None),
        ('sagte: "..." und', 'sagte: " ..." und'),
        ('Das ist "', 'Das ist "'),
    ],
)
def test_there_and_back(text: str, separated: str | None) -> None:
    assert separated is None or separate(text) == separated
    assert rejoin(separate(text)) == text


def test_a_dash_is_told_from_a_hyphen() -> None:
    assert separate("Berlin - die Stadt") == "Berlin – die Stadt"
    assert rejoin("long - term – so") == "long-term – so"


WORDS = st.lists(
    st.sampled_from(
        [
            '"Hafen',
            'Hafen"',
            "US-Präsident",
            "(Köln)",
            "‚ach‘",
            "die",
            '("so")',
            "18-Jährige",
            "–",
            "2.000",
            "-5",
            "www.a-b.de",
        ]
    ),
    max_size=12,
).map(" ".join)


@given(WORDS)
def test_texts_come_back(text: str) -> None:
    assert rejoin(separate(text)) == text


@given(st.text(alphabet="aÄ1 \"'()[]-–—.,", max_size=30))
def test_no_letter_is_lost(text: str) -> None:
    for changed in (separate(text), rejoin(text), rejoin(separate(text))):
        assert changed.replace("–", "-").replace(" ", "") == text.replace("–", "-").replace(" ", "")


def test_a_model_trained_so_sees_whole_words(tiny_marian, tmp_path) -> None:
    import json
    import shutil

    shutil.copytree(tiny_marian, tmp_path / "separated")
    facts = tmp_path / "separated" / "newsmt.json"
    facts.write_text(json.dumps({"pretokenization": "separated"}), encoding="utf-8")
    plain, separated = (load_tokenizer(open_checkpoint(path)) for path in (tiny_marian, tmp_path / "separated"))
    [alone] = plain.encode(["Gericht"])
    [quoted] = separated.encode(['"Gericht"'])
    assert quoted[-1 - len(alone) : -1] == alone or quoted[1 : 1 + len(alone)] == alone
    assert separated.decode(quoted) == '"Gericht"'
    facts.write_text(json.dumps({"pretokenization": "later"}), encoding="utf-8")
    with pytest.raises(ModelFilesError, match=r"pretokenization 'later', which this newsmt does not know"):
        load_backend("ctranslate2", open_checkpoint(tmp_path / "separated"), device="cpu")


def test_every_name_is_a_pair_of_inverses() -> None:
    for forward, back in PRETOKENIZATIONS.values():
        assert back(forward('Er sagte: "Der US-Präsident (68) kommt."')) == 'Er sagte: "Der US-Präsident (68) kommt."'
