"""YAML text to plain data with positions: nothing changed, nothing lost, nothing believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.errors import SpecError
from ablate.spec import Document, read_document
from ablate.spec.source import composer
from ablate.spec.source.composer import compose
from ablate.spec.source.document import Mark
from ablate.spec.source.problems import Location

TEXT = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffe\uffff\u2028\u2029\ufeff"))
KEYS = TEXT.filter(lambda key: 0 < len(key) <= 50 and key.isprintable())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(["off", "yes", "1e-4", "1:30", "2020-01-01", "null", "true", "<<", "=", "0x1F", "~", "1_000", ""])
)
NESTED = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))
MAPPINGS = st.dictionaries(KEYS, NESTED, min_size=1, max_size=4)


class Quoting(yaml.SafeDumper):
    """PyYAML leaves `1e-4` unquoted, as text to its own reader; this quotes every text and repeats no anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def data_of(text: str) -> Any:
    document, faults = compose(text, "x.yaml")
    assert not faults
    return document.data


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 0.0001),
        ("1e-1", 0.1),
        ("1E3", 1000.0),
        ("+.5", 0.5),
        ("1.", 1.0),
        ("-0", 0),
        ("010", 10),
        ("123456789012345678", 123456789012345678),
        ("off", "off"),
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("1:30", "1:30"),
        ("2020-01-01", "2020-01-01"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1.2.3", "1.2.3"),
        ("4x", "4x"),
        ("null", None),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ('"1e-4"', "1e-4"),
        ("! 12", "12"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    found = data_of(f"key: {text}")["key"]
    assert found == value
    assert type(found) is type(value)


def test_words_of_yaml_1_1_stay_text_as_keys() -> None:
    assert data_of("on: 1\nno: 2\n1:30: 3") == {"on": 1, "no": 2, "1:30": 3}


@given(MAPPINGS)
def test_json_reads_as_itself(data: dict[str, Any]) -> None:
    assert data_of(json.dumps(data, ensure_ascii=False)) == data


@given(MAPPINGS, st.sampled_from([True, False]), st.sampled_from([40, 10_000]))
def test_yaml_reads_as_itself(data: dict[str, Any], flow: bool, width: int) -> None:
    text = yaml.dump(data, Dumper=Quoting, default_flow_style=flow, width=width, allow_unicode=True, sort_keys=False)
    found = data_of(text)
    assert found == data
    assert json.dumps(found) == json.dumps(data)  # equality alone takes 1 for true


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), st.integers(0, 99), min_size=1))
def test_positions_are_those_of_the_text(data: dict[str, int]) -> None:
    lines = ["outer:", *(f"  {key}:  {value}" for key, value in data.items())]
    document, _ = compose("\n".join(lines), "x.yaml")
    for key, value in data.items():
        mark = document.mark(("outer", key), on_key=True)
        assert lines[mark.line - 1][mark.column - 1 :].startswith(f"{key}:")
        mark = document.mark(("outer", key))
        assert lines[mark.line - 1][mark.column - 1 :] == str(value)


POSITIONS = """\
# a comment
architecture:
  depth: 20   # weighted layers
  "block": basic
blocks:
  mine:
    branch: [conv3x3: {stride: unit}, bn,
             relu]
    after:
    - relu
"""


@pytest.mark.parametrize(
    ("location", "on_key", "line", "column"),
    [
        ((), False, 2, 1),
        (("architecture",), True, 2, 1),
        (("architecture",), False, 3, 3),
        (("architecture", "depth"), True, 3, 3),
        (("architecture", "depth"), False, 3, 10),
        (("architecture", "block"), False, 4, 12),
        (("blocks", "mine", "branch"), False, 7, 13),
        (("blocks", "mine", "branch", 0), False, 7, 14),
        (("blocks", "mine", "branch", 0, "conv3x3", "stride"), True, 7, 24),
        (("blocks", "mine", "branch", 0, "conv3x3", "stride"), False, 7, 32),
        (("blocks", "mine", "branch", 2), False, 8, 14),
        (("blocks", "mine", "after", 0), False, 10, 7),
        (("architecture", "missing"), False, 2, 1),
        (("blocks", "mine", "branch", 9), False, 7, 5),
        (("nowhere", "at", "all"), False, 2, 1),
    ],
)
def test_positions(location: Location, on_key: bool, line: int, column: int) -> None:
    document, _ = compose(POSITIONS, "x.yaml")
    assert document.mark(location, on_key) == Mark("x.yaml", line, column)


def test_an_alias_stands_where_it_is_written_and_its_parts_where_the_anchor_is() -> None:
    document, _ = compose("a: &x\n  k: [1, 2]\nb: *x\n", "x.yaml")
    assert document.data == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}
    assert document.mark(("b",)) == Mark("x.yaml", 3, 4)
    assert document.mark(("b", "k", 1)) == Mark("x.yaml", 2, 10)


def test_merge_keys_merge_below_what_is_written() -> None:
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\nc: {y: 4, <<: [*a, {x: 9, z: 5}]}\nd: {'<<': 1}"
    assert data_of(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 3},
        "c": {"x": 1, "y": 4, "z": 5},
        "d": {"<<": 1},
    }


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    (file := tmp_path / "x.yaml").write_bytes(b"\xef\xbb\xbfa: 1\r\nb: \xc3\xa9\r\n")
    document, faults = read_document(str(file))
    assert (document.data, faults) == ({"a": 1, "b": "é"}, [])
    assert document.mark(("b",), on_key=True) == Mark(str(file), 2, 1)


@given(MAPPINGS, MAPPINGS)
def test_laying_over_merges_mappings_and_replaces_the_rest(low: dict[str, Any], high: dict[str, Any]) -> None:
    def merged(below: Any, above: Any) -> Any:
        if not (isinstance(below, dict) and isinstance(above, dict)):
            return above
        return {
            key: merged(below[key], above[key]) if key in below and key in above else {**below, **above}[key]
            for key in [*below, *(key for key in above if key not in below)]
        }

    lower, upper = (compose(json.dumps(data, ensure_ascii=False), "x.yaml")[0].root for data in (low, high))
    assert json.dumps(upper.over(lower).plain) == json.dumps(merged(low, high))


@given(MAPPINGS, st.data())
def test_what_is_put_is_found_and_what_is_removed_is_gone(data: dict[str, Any], draw: st.DataObject) -> None:
    document, _ = compose(json.dumps(data, ensure_ascii=False), "x.yaml")
    location = draw.draw(st.sampled_from(list(locations(data))))
    new = compose('{"new": [1]}', "y.yaml")[0].root
    put = document.put(location, new)
    assert put.node(location) is not None
    assert put.data == replaced(data, location, {"new": [1]})
    assert put.mark((*location, "new", 0)) == Mark("y.yaml", 1, 10)
    assert document.without(location).data == replaced(data, location, ...)
    assert document.data == data


def locations(data: Any, at: Location = ()) -> list[Location]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in items for place in [(*at, key), *locations(value, (*at, key))]]


def replaced(data: Any, location: Location, new: Any) -> Any:
    copy = json.loads(json.dumps(data))
    inner = copy
    for part in location[:-1]:
        inner = inner[part]
    if new is ...:
        del inner[location[-1]]
    else:
        inner[location[-1]] = new
    return copy


@settings(max_examples=400)
@given(st.text() | st.binary().map(lambda content: content.decode("latin-1")))
def test_no_text_is_too_strange(text: str) -> None:
    assert_readable_or_faults(text)


@settings(max_examples=400)
@given(st.text(alphabet="ab1:-,[]{}&*!|>'\"%@` \n\t#?<~.=", max_size=40))
def test_no_arrangement_of_signs_is_too_strange(text: str) -> None:
    assert_readable_or_faults(text)


def assert_readable_or_faults(text: str) -> None:
    try:
        document, faults = compose(text, "x.yaml")
        json.dumps(document.data)
    except SpecError as error:
        faults = list(error.faults)
    for fault in faults:
        line = str(fault)
        assert line.isprintable(), line
        assert line.startswith("x.yaml:"), line


@given(st.binary(max_size=200))
def test_no_bytes_are_too_strange(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    (file := tmp_path_factory.getbasetemp() / "bytes.yaml").write_bytes(content)
    try:
        faults = read_document(str(file))[1]
    except SpecError as error:
        faults = [*error.faults]
        assert faults
    assert all(str(fault).startswith(f"{file}:") and str(fault).isprintable() for fault in faults)


def test_the_parser_in_python_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> Document:
        return compose(POSITIONS, "x.yaml")[0]

    fast = read()
    monkeypatch.setattr(composer, "LOADER", yaml.SafeLoader)
    assert read() == fast
