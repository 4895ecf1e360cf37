"""What is left of a specification after a random change, if it is one: it can be drawn, compared and completed too."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from test_mutations import SPECS, of_data, specifications

from ablate.errors import SpecError
from ablate.spec import Architecture, Study, load
from ablate.spec.architecture.diagram import draw_network
from ablate.spec.architecture.difference import compare
from ablate.spec.json_schema import create_schema
from ablate.spec.source.composer import read_document

VALIDATOR = Draft202012Validator(create_schema())


def understand(file: Path, original: str, mutated: bytes) -> bool:
    """Whether the mutated text is a specification; then every tool must cope with it."""
    file.write_bytes(mutated)
    try:
        spec = load(file)
    except SpecError:
        return False
    if isinstance(spec, Architecture):  # a study may hold a wrong value that an axis replaces
        assert [*VALIDATOR.iter_errors(read_document(str(file))[0].data)] == []
    file.write_text(original)
    before = load(file)
    this = before.cells[0] if isinstance(before, Study) else before
    for that in spec.cells[:2] if isinstance(spec, Study) else [spec]:
        ElementTree.fromstring(draw_network(that.network, that.name))
        assert compare(this, that).same_network == (this.network == that.network)
    return True


@pytest.mark.parametrize("number", [300, pytest.param(3_000, marks=pytest.mark.slow)])
def test_every_tool_copes_with_what_the_checker_accepts(number: int, tmp_path: Path) -> None:
    shutil.copytree(SPECS, tmp_path / "specs")
    file = tmp_path / "specs" / "architectures" / "x.yaml"  # where what it extends is found
    texts = list(specifications().values())
    chance = random.Random(number)
    originals = [chance.choice(texts) for _ in range(number)]
    assert sum(understand(file, text, of_data(text, chance)) for text in originals) > number / 50
