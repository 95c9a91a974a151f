from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from dozen import DOCIDS, SOURCES, references_of, write_lines

from newsmt.errors import EvaluationError, MisalignedTestSetError, TextDecodingError
from newsmt.evaluation.testset import available_test_sets, load_test_set


def test_directory_with_two_references_documents_and_systems(directory: Path) -> None:
    test_set = load_test_set(directory)

    assert test_set.name == "dozen"
    assert test_set.sources == tuple(SOURCES)
    assert test_set.references == (tuple(references_of(0)), tuple(references_of(1)))
    assert {docid: len(segments) for docid, segments in test_set.documents().items()} == {
        "article-0": 4,
        "article-1": 4,
        "article-2": 4,
    }
    assert list(test_set.systems) == ["fair", "good"]
    assert test_set.notes == ()


def test_gzipped_files_are_the_same_test_set(directory: Path) -> None:
    plain = load_test_set(directory)
    for path in [*directory.glob("*.*"), directory / "docids", *directory.glob("systems/*.en")]:
        if path.is_file():
            path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()

    zipped = load_test_set(directory)

    assert zipped.fingerprint == plain.fingerprint
    assert list(zipped.systems) == ["fair", "good"]


def test_tsv_and_jsonl_are_the_same_test_set(directory: Path, tmp_path: Path) -> None:
    rows = list(zip(SOURCES, references_of(0), references_of(1), DOCIDS, strict=True))
    table = write_lines(
        tmp_path / "set.tsv", ["source\treference1\treference2\tdocid", *("\t".join(row) for row in rows)]
    )
    lines = write_lines(
        tmp_path / "as-lines" / "set.jsonl",
        [
            json.dumps({"source": source, "references": [first, second], "docid": docid})
            for source, first, second, docid in rows
        ],
    )

    expected = load_test_set(directory).fingerprint
    assert load_test_set(table).fingerprint == expected
    assert load_test_set(lines).fingerprint == expected
    assert load_test_set(lines.parent).fingerprint == expected
    assert load_test_set(lines.parent).name == "as-lines"


def test_quotation_marks_in_a_tsv_are_plain_text(tmp_path: Path) -> None:
    table = write_lines(tmp_path / "set.tsv", ["source\treference", '"Nein", sagte er.\t"No," he said.'])
    assert load_test_set(table).sources == ('"Nein", sagte er.',)


def test_only_line_feeds_end_a_line(tmp_path: Path) -> None:
    odd = "Ein\u2028Satz mit\x85 und \x0c darin"
    write_lines(tmp_path / "source.de", [odd, "Zwei"])
    write_lines(tmp_path / "reference.en", ["One\u2028sentence", "Two"])
    assert load_test_set(tmp_path).sources == (odd, "Zwei")


def test_docids_that_tell_nothing_are_no_documents(directory: Path) -> None:
    write_lines(directory / "docids", ["unknown"] * len(SOURCES))
    assert load_test_set(directory).documents() == {}


def test_unequal_lengths_name_both_files_and_counts(directory: Path) -> None:
    write_lines(directory / "reference.B.en", [*references_of(1)[:5], "", *references_of(1)[5:]])
    with pytest.raises(MisalignedTestSetError) as error:
        load_test_set(directory)
    message = str(error.value)
    assert str(directory / "source.de") in message
    assert "12 lines" in message
    assert str(directory / "reference.B.en") in message
    assert "13" in message
    assert f"line 6 of {directory / 'reference.B.en'} is blank" in message
    write_lines(directory / "reference.B.en", references_of(1)[:11])
    with pytest.raises(MisalignedTestSetError, match=r"from line 12 \(.*\) on, .*source.de has no partner"):
        load_test_set(directory)


@pytest.mark.parametrize("name", ["source.de", "reference.A.en"])
def test_a_blank_line_in_the_middle_names_both_files_and_the_line(directory: Path, name: str) -> None:
    lines = (directory / name).read_text(encoding="utf-8").splitlines()
    write_lines(directory / name, [*lines[:6], "  ", *lines[7:]])
    with pytest.raises(EvaluationError, match="blank") as error:
        load_test_set(directory)
    assert f"line 7 of {directory / name}" in str(error.value)
    assert str(directory / "source.de") in str(error.value)
    assert str(directory / "reference.A.en") in str(error.value)


def test_empty_files_are_an_error(directory: Path) -> None:
    for name in ("source.de", "reference.A.en", "reference.B.en"):
        (directory / name).write_text("", encoding="utf-8")
    with pytest.raises(EvaluationError, match="are empty"):
        load_test_set(directory)


def test_an_empty_reference_is_an_error(directory: Path) -> None:
    (directory / "reference.A.en").write_text("", encoding="utf-8")
    with pytest.raises(MisalignedTestSetError, match=r"12 lines but .*reference\.A\.en has 0"):
        load_test_set(directory)


def test_misaligned_docids_are_an_error(directory: Path) -> None:
    write_lines(directory / "docids", DOCIDS[:-1])
    with pytest.raises(MisalignedTestSetError, match="docids has 11"):
        load_test_set(directory)


def test_no_reference_and_no_source_are_errors(directory: Path, tmp_path: Path) -> None:
    for path in directory.glob("reference*.en"):
        path.unlink()
    with pytest.raises(EvaluationError, match="no reference"):
        load_test_set(directory)
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvaluationError, match="found nothing"):
        load_test_set(tmp_path / "empty")


def test_two_sources_are_an_error(directory: Path) -> None:
    (directory / "source.de.gz").write_bytes(gzip.compress(b"Eins\n"))
    with pytest.raises(EvaluationError, match="both exist"):
        load_test_set(directory)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["source\treference", "Eins\tOne\tUno"], "line 2 .* has 3 columns but its header has 2"),
        (["Eins\tOne"], "must begin with a header line"),
        (["source\treference", "Eins\t"], "line 2 .* has a blank reference"),
        (["source\treference\tdocid", "Eins\tOne\ta", "Zwei\tTwo\t"], "names the document of 1 of 2 segments"),
        (["source\treference"], "is empty"),
    ],
)
def test_bad_tables(tmp_path: Path, lines: list[str], expected: str) -> None:
    with pytest.raises(EvaluationError, match=expected):
        load_test_set(write_lines(tmp_path / "set.tsv", lines))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (['{"source": "Eins", "reference": "One"}', "{"], "line 2 .* is no segment"),
        (['{"source": "Eins"}'], "line 1 .* is no segment .it has no 'reference'"),
        (["[]"], "line 1 .* is no segment .expected an object"),
        (['{"source": 1, "reference": "One"}'], "source must be a string"),
        (
            ['{"source": "Eins", "reference": "One"}', "", '{"source": "Zwei", "reference": "Two"}'],
            "line 2 .* is no seg",
        ),
        (
            ['{"source": "Eins", "references": ["One"]}', '{"source": "Zwei", "references": ["Two", "Deux"]}'],
            "line 2 .* has 2 references but line 1 has 1",
        ),
    ],
)
def test_bad_json_lines(tmp_path: Path, lines: list[str], expected: str) -> None:
    with pytest.raises(EvaluationError, match=expected):
        load_test_set(write_lines(tmp_path / "set.jsonl", lines))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("Über\n".encode("latin-1"), "byte 0xdc at offset 0, line 1"),
        ("Eins\n".encode("utf-16"), "is UTF-16"),
    ],
)
def test_other_encodings_are_named(directory: Path, content: bytes, expected: str) -> None:
    (directory / "source.de").write_bytes(content)
    with pytest.raises(TextDecodingError, match=expected):
        load_test_set(directory)


def test_damaged_gzip(directory: Path) -> None:
    (directory / "source.de").unlink()
    (directory / "source.de.gz").write_bytes(gzip.compress(b"Eins\n" * 100)[:20])
    with pytest.raises(EvaluationError, match="damaged gzip"):
        load_test_set(directory)


def test_unknown_names_show_near_matches() -> None:
    with pytest.raises(EvaluationError, match=r"no test set 'wmt91'.*did you mean .*wmt19"):
        load_test_set("wmt91")
    assert {"wmt14", "wmt19", "wmt20", "wmt21", "wmt22", "wmt23"} <= set(available_test_sets())


def test_sacrebleu_names_come_from_its_cache(tmp_path: Path) -> None:
    """In a process of its own, because sacrebleu reads SACREBLEU when it is imported."""
    for kind, lines in (("src", SOURCES), ("ref", references_of(0)), ("docid", DOCIDS)):
        write_lines(tmp_path / "wmt19" / f"wmt19.de-en.{kind}", lines)
    script = (
        "from newsmt.evaluation.testset import load_test_set; t = load_test_set('wmt19'); "
        "print(t.name, len(t), len(t.references), len(t.documents()))"
    )
    done = _python(script, SACREBLEU=str(tmp_path))
    assert done.stdout == "wmt19 12 1 3\n", done.stderr


def test_test_sets_since_2021_have_the_references_that_sacrebleu_takes(tmp_path: Path) -> None:
    """wmt22 as an archive that was downloaded before, with references A and B and a system of a treacherous name."""
    segments = "".join(
        f'<doc id="d{index}" origlang="de"><src lang="de"><p><seg id="1">{source}</seg></p></src>'
        + "".join(
            f'<ref lang="en" translator="{name}"><p><seg id="1">{references_of(number)[index]}</seg></p></ref>'
            for number, name in enumerate("AB")
        )
        + f'<hyp system="ref-A" lang="en"><p><seg id="1">output {index}</seg></p></hyp></doc>'
        for index, source in enumerate(SOURCES)
    )
    raw = tmp_path / "wmt22" / "raw"
    text = f'<dataset id="wmt22"><collection>{segments}</collection></dataset>'
    write_lines(raw / "wmt22-news-systems-1.1" / "xml" / "wmttest2022.de-en.all.xml", [text])
    script = (
        "from pathlib import Path; from sacrebleu.dataset import DATASETS; import json\n"
        "from newsmt.evaluation.testset import load_test_set\n"
        "d = DATASETS['wmt22']\n"
        "for url in d.data: Path(d._rawdir, d._get_tarball_filename(url)).write_text('downloaded')\n"
        "t = load_test_set('wmt22')\n"
        "files = [Path(path).read_text().splitlines() for path in d.get_reference_files('de-en')]\n"
        "print(len(t), len(t.documents()), [list(each) for each in t.references] == files, len(files))"
    )
    done = _python(script, SACREBLEU=str(tmp_path))
    assert done.stdout == "12 12 True 1\n", done.stderr


def test_no_network_is_said_plainly(tmp_path: Path) -> None:
    """The download goes to a closed port of this machine."""
    script = (
        "from sacrebleu.dataset import DATASETS; DATASETS['wmt14'].data = ['http://127.0.0.1:9/dev.tgz']\n"
        "from newsmt.evaluation.testset import load_test_set\n"
        "from newsmt.errors import EvaluationError\n"
        "try: load_test_set('wmt14')\n"
        "except EvaluationError as error: print(error)"
    )
    done = _python(script, SACREBLEU=str(tmp_path))
    assert "'wmt14' is not in sacrebleu's cache" in done.stdout, done.stderr
    assert str(tmp_path) in done.stdout
    assert "refused" in done.stdout
    assert "set SACREBLEU to a folder that has it" in done.stdout


def _python(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
