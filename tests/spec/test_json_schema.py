"""The JSON Schema against the checker: what `ablate check` accepts it accepts, and a misspelt key neither does."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from ablate.errors import SpecError
from ablate.spec import load
from ablate.spec.json_schema import create_schema
from ablate.spec.source.composer import compose

ROOT = Path(__file__).parents[2]
SPECS = sorted([*(ROOT / "specs" / "architectures").glob("*.yaml"), *(ROOT / "specs" / "studies").glob("*.yaml")])
PAGE = (ROOT / "docs" / "language.md").read_text()
EXAMPLES = {
    text.split("\n", 1)[0].removeprefix("# "): text
    for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
}
QUICKSTART = (ROOT / "specs" / "studies" / "quickstart.yaml").read_text()
VALIDATOR = Draft202012Validator(create_schema())
Place = tuple[str | int, ...]


def read(text: str) -> Any:
    document, faults = compose(text, "spec.yaml")
    assert not faults
    return document.data


def faults(document: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)]


def keys(document: Any, place: Place = ()) -> Iterator[Place]:
    """The place of every key."""
    items = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in items:
        if isinstance(key, str):
            yield (*place, key)
        yield from keys(value, (*place, key))


def renamed(document: Any, place: Place) -> Any:
    """A copy with a letter more in one key."""
    changed = copy.deepcopy(document)
    parent = reduce(lambda node, part: node[part], place[:-1], changed)
    items = list(parent.items())
    parent.clear()
    parent.update({f"{key}x" if key == place[-1] else key: value for key, value in items})
    return changed


def test_it_is_a_json_schema() -> None:
    Draft202012Validator.check_schema(create_schema())


def test_the_published_one_is_current() -> None:
    """If not: `ablate schema --output docs/ablate.schema.json`."""
    assert json.loads((ROOT / "docs" / "ablate.schema.json").read_text()) == json.loads(json.dumps(create_schema()))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_every_specification_is_valid(path: Path) -> None:
    assert faults(read(path.read_text())) == []


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "wrong.yaml"])
def test_every_example_of_the_language_is_valid(name: str) -> None:
    assert faults(read(EXAMPLES[name])) == []


@pytest.mark.parametrize("name", ["everything.yaml", "preact-gated.yaml", "quickstart"])
def test_a_misspelt_key_is_rejected_wherever_the_checker_rejects_it(tmp_path: Path, name: str) -> None:
    document, num_rejected = read(EXAMPLES.get(name) or QUICKSTART), 0
    assert faults(document) == []
    for place in keys(document):
        if place[0] == "grid" or place[:-1] == ("blocks",):
            continue  # paths and names, which no schema can follow
        changed = renamed(document, place)
        file = tmp_path / "changed.yaml"
        file.write_text(yaml.safe_dump(changed, sort_keys=False))
        if any(word in fault for fault in messages(file) for word in ("unknown key", "unknown operation")):
            assert faults(changed), place
            num_rejected += 1
    assert num_rejected >= 5


def messages(file: Path) -> list[str]:
    try:
        load(file)
    except SpecError as error:
        return [fault.message for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dataset: digits", "dataset: digitz"),
        ("epochs: 12", "epochs: many"),
        ("epochs: 12", "epochs: 0"),
        ("family: cifar", "family: cifra"),
        ("shortcut: identity", "shortcut: {gate: exclusiv}"),
        ("shortcut: identity", "shortcut: {scale: 0.5, dropout: 0.5}"),
        ("shortcut: identity", "stem: [conv3x3: {chanels: 8}]"),
        ("shortcut: identity", "stem: [conv3by3: {channels: 8}]"),
        ("shortcut: identity", "stem: [conv03x3]"),
        ("shortcut: identity", "stem: [linear]"),
        ("baseline:", "basline:"),
        ("  data: {dataset: digits, validation: 0.1}\n", ""),
        ("expect: higher", "expect: highest"),
    ],
)
def test_wrong_values_are_rejected(old: str, new: str) -> None:
    assert old in QUICKSTART
    assert faults(read(QUICKSTART.replace(old, new, 1)))


def test_what_another_file_gives_may_be_left_out() -> None:
    assert faults({"extends": "base.yaml", "baseline": {"train": {"epochs": 2}}}) == []
    assert faults({"baseline": {"train": {"epochs": 2}}})


def test_every_key_is_explained() -> None:
    unexplained = [
        (name, key)
        for name, section in create_schema()["$defs"].items()
        for schema in (section, section.get("then", {}), section.get("else", {}))
        for key, value in schema.get("properties", {}).items()
        if not (value.get("description") or "$ref" in value)
    ]
    assert unexplained == []
