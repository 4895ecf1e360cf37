"""Every text that is no document, or a doubtful one: the whole line that a user reads."""

from __future__ import annotations

import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from ablate.errors import SpecError
from ablate.spec import load
from ablate.spec.source import composer

TAB, NUL = "\t", "\0"


def lines_of(path: Path | str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path, overrides)
    assert caught.value.exit_code == 2
    return str(caught.value).splitlines()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


NOT_YAML = {
    f"a:\n{TAB}b: 1": "x.yaml:2:1: not YAML: a tab; indent with spaces",
    "a: b: c": "x.yaml:1:5: not YAML: a ':' where no key can stand; check the indentation, or quote the text",
    "a: 1\n  b: 2": "x.yaml:2:4: not YAML: a ':' where no key can stand; check the indentation, or quote the text",
    "a: [1, 2\nb: 3": "x.yaml:2:2: not YAML: the '[' of line 1, column 4 is not closed, or a ',' is missing",
    "a: {b: 1\nc: [3": "x.yaml:2:2: not YAML: the '{' of line 1, column 4 is not closed, or a ',' is missing",
    'a: "x\nb: 3': "x.yaml:1:4: not YAML: this quote is never closed",
    "a:\n    b: 1\n  c: 2": "x.yaml:3:3: not YAML: this does not fit the block of line 1; check the indentation",
    "a: 1\n- b": "x.yaml:2:1: not YAML: this does not fit the block of line 1; check the indentation",
    "a: - b": "x.yaml:1:4: not YAML: a '-' cannot start a list here; put it on a line of its own",
    "a: @x": "x.yaml:1:4: not YAML: '@' cannot start a value; quote the text",
    "a: `x`": "x.yaml:1:4: not YAML: '`' cannot start a value; quote the text",
    "a: *": "x.yaml:1:4: not YAML: a '*' refers to an anchor in YAML; quote the text",
    "a: & b": "x.yaml:1:4: not YAML: a '&' makes an anchor in YAML; quote the text",
    "a: }": "x.yaml:1:4: not YAML: '}' cannot stand here; complete the value, or quote the text",
    "a: !e!x 1": "x.yaml:1:4: not YAML: a tag; remove it, or quote the text if it starts with '!'",
    'a: "\\q"': "x.yaml:1:5: not YAML: an unknown escape in double quotes; use single quotes, or double the backslash",
    f"a: {NUL}": "x.yaml:1:4: character U+0000 is not allowed in YAML; remove it",
    "a: 1\nb: 2\n c\x07": "x.yaml:3:3: character U+0007 is not allowed in YAML; remove it",
    "": "x.yaml:1:1: empty; write a study (`baseline: ...`) or an architecture (`architecture: ...`)",
    "# only a comment": "x.yaml:1:1: empty; write a study (`baseline: ...`) or an architecture (`architecture: ...`)",
    "---\n": "x.yaml:1:1: empty; write a study (`baseline: ...`) or an architecture (`architecture: ...`)",
    "just words": "x.yaml:1:1: expected keys with values, got 'just words'; write `baseline:` or `architecture:`",
    "- 1\n- 2": "x.yaml:1:1: expected keys with values, got [1, 2]; write `baseline:` or `architecture:`",
    "a: 1\n---\nb: 1": "x.yaml:2:1: a second document; a file holds one, remove the '---'",
    "a: " + "[" * 100_000: "x.yaml:1:64: a[0][0]: nested deeper than 60 levels; nothing in the language is",
    "? " * 10_000: "x.yaml:1:123: ?.?.?: nested deeper than 60 levels; nothing in the language is",
    "a: ["
    + "1, " * 200_000
    + "]": "x.yaml:1:599999: a[199998]: more than 200,000 values, aliases expanded; write fewer",
}


@pytest.mark.parametrize(("text", "line"), NOT_YAML.items(), ids=[text[:12] for text in NOT_YAML])
def test_what_is_no_document(here: Path, text: str, line: str) -> None:
    (here / "x.yaml").write_text(text)
    started = time.perf_counter()
    assert lines_of("x.yaml") == [line]
    assert time.perf_counter() - started < 5


def test_a_bomb_of_aliases_is_not_expanded(here: Path) -> None:
    letters = "abcdefghijklmnop"
    bombs = [f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in pairwise(letters)]
    (here / "x.yaml").write_text("\n".join(["a: &a [1, 1]", *bombs]))
    started = time.perf_counter()
    assert lines_of("x.yaml") == ["x.yaml:6:20: f[3]: more than 200,000 values, aliases expanded; write fewer"]
    assert time.perf_counter() - started < 1


DOUBTFUL = {
    "depth: 20\nb: 2\ndepth: 56": "x.yaml:3:1: depth: given twice, first at line 1, column 1; remove one",
    "a: {b: {c: 1, c: 2}}": "x.yaml:1:15: a.b.c: given twice, first at line 1, column 9; remove one",
    "56: x": "x.yaml:1:1: a key must be text, got 56; quote it if it is text",
    "true: x": "x.yaml:1:1: a key must be text, got true; quote it if it is text",
    "~: x": "x.yaml:1:1: a key must be text, got nothing; quote it if it is text",
    "a: {[b]: x}": "x.yaml:1:5: a: a key must be text, got [b]; quote it if it is text",
    '"a\\nb": x': "x.yaml:1:1: a key must be one short line of text, got 'a\\nb'; shorten it",
    "a: {lr:0.1}": "x.yaml:1:5: a.lr:0.1: no space after the colon; write 'lr: 0.1'",
    "a: !foo 3": "x.yaml:1:4: a: a tag, got '!foo'; remove it, values are plain text and numbers",
    "a: !!python/object/apply:os.system [id]": "x.yaml:1:4: a: a tag, got '!!python/object/apply:os.system'; "
    "remove it, values are plain text and numbers",
    "a: *b": "x.yaml:1:4: a: no anchor '&b' before this '*b'; quote it as text",
    "a: &a [1, *a]": "x.yaml:1:11: a[1]: '*a' stands inside its own anchor; write the value out",
    "a: {<<: 3}": "x.yaml:1:9: a: '<<' merges mappings only, got 3",
    "a: .inf": "x.yaml:1:4: a: expected a finite number, got .inf; quote it if it is text",
    "a: -.INF": "x.yaml:1:4: a: expected a finite number, got -.INF; quote it if it is text",
    "a: .nan": "x.yaml:1:4: a: expected a finite number, got .nan; quote it if it is text",
    "a: 1e999": "x.yaml:1:4: a: a number too large, got 1e999; quote it if it is text",
    "a: " + "9" * 10_000: "x.yaml:1:4: a: a number of more than 18 digits; quote it if it is text",
    'a: "\\0"': "x.yaml:1:4: a: an escape for U+0000, which no text may hold; remove it",
}


@pytest.mark.parametrize(("text", "line"), DOUBTFUL.items(), ids=[text[:12] for text in DOUBTFUL])
def test_what_is_doubtful_is_refused(here: Path, text: str, line: str) -> None:
    (here / "x.yaml").write_text(text)
    assert line in lines_of("x.yaml")


def test_doubts_are_listed_all_at_once_and_in_order(here: Path) -> None:
    (here / "x.yaml").write_text("architecture: {family: cifar, depth: 20}\n1: a\nb: !t 1\nc: .nan\nb: 2\nd: [")
    assert lines_of("x.yaml") == [
        "x.yaml:2:1: a key must be text, got 1; quote it if it is text",
        "x.yaml:3:4: b: a tag, got '!t'; remove it, values are plain text and numbers",
        "x.yaml:4:4: c: expected a finite number, got .nan; quote it if it is text",
        "x.yaml:5:1: b: given twice, first at line 3, column 1; remove one",
        "x.yaml:6:5: not YAML: the end of the line cannot stand here; complete the value, or quote the text",
    ]


def test_a_file_that_is_missing(here: Path) -> None:
    (here / "specs").mkdir()
    (here / "specs" / "quickstart.yaml").write_text("")
    assert lines_of("specs/quikstart.yaml") == [
        "specs/quikstart.yaml: no such file; did you mean 'specs/quickstart.yaml'?"
    ]
    assert lines_of("specs/other") == ["specs/other: no such file; check the path"]
    assert lines_of("spec/quickstart.yaml") == ["spec/quickstart.yaml: no such file, and no folder 'spec'"]
    assert lines_of("specs") == ["specs: a folder, not a file; name a YAML file in it"]
    assert lines_of("specs/quickstart.yaml/x") == [
        "specs/quickstart.yaml/x: cannot be read: Not a directory; check the path"
    ]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(here: Path) -> None:
    (file := here / "x.yaml").write_text("a: 1")
    file.chmod(0)
    assert lines_of("x.yaml") == ["x.yaml: cannot be read: Permission denied; check the path"]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("größe: 1".encode("latin-1"), "x.yaml:1:3: byte 0xf6 is not UTF-8; save the file as UTF-8 text"),
        ("a: 1".encode("utf-16"), "x.yaml:1:1: byte 0xff is not UTF-8; save the file as UTF-8 text"),
        (b"a: 1\nb: \xc3\xa9\xff", "x.yaml:2:5: byte 0xff is not UTF-8; save the file as UTF-8 text"),
        (b"#" * 4_000_001, "x.yaml: larger than 4 MB; a specification is short text"),
    ],
)
def test_bytes_that_are_no_text(here: Path, content: bytes, line: str) -> None:
    (here / "x.yaml").write_bytes(content)
    assert lines_of("x.yaml") == [line]


@pytest.mark.parametrize("text", [text for text in NOT_YAML if len(text) < 1000])
def test_the_parser_in_python_finds_the_same(here: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "x.yaml").write_text(text)
    (fast,) = lines_of("x.yaml")
    monkeypatch.setattr(composer, "LOADER", yaml.SafeLoader)
    (slow,) = lines_of("x.yaml")
    assert slow.split(":", 3)[1:2] == fast.split(":", 3)[1:2]  # the two count columns within an escape differently
    assert slow.split(":", 3)[3:] == fast.split(":", 3)[3:]
