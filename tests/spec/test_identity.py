"""What makes two trials the same, and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.spec import load_study

STUDY = """\
question: q
blocks:
  split: {{paths: {{{paths}}}, join: concat}}
baseline:
  architecture:
    input: [1, 8, 8]
    classes: 10
    stem: [conv3x3: {{channels: 4}}]
    stages: [{{units: 2, block: split, channels: 4}}]
    head: [global-avgpool, linear: {{features: classes}}]
  data: {{dataset: digits{data}}}
  train: {{epochs: 2{train}}}
seeds: [7]
"""
WIDE = "wide: [conv3x3: {channels: 3}]"
NARROW = "narrow: [conv1x1: {channels: 1}]"


@pytest.fixture
def identify(tmp_path: Path):  # type: ignore[no-untyped-def]
    def identify(paths: str = f"{WIDE}, {NARROW}", data: str = "", train: str = "", name: str = "a") -> str:
        file = tmp_path / f"{name}.yaml"
        file.write_text(STUDY.format(paths=paths, data=data, train=train))
        return load_study(file).trials[0].id

    return identify


def test_names_notation_and_defaults_do_not_count(identify) -> None:  # type: ignore[no-untyped-def]
    usual = identify()
    assert identify(name="b") == usual
    assert identify(train=", lr: 1e-1") == usual
    assert identify(train=", learning_rate: 0.1") == usual
    assert identify(data=", root: elsewhere") == usual
    assert identify(paths="wide: [conv: {kernel: 3, channels: 3, padding: 1}], " + NARROW) == usual


def test_whatever_changes_a_result_counts(identify) -> None:  # type: ignore[no-untyped-def]
    others = [
        identify(paths=f"{NARROW}, {WIDE}"),
        identify(paths=f"{WIDE}, narrow: [conv1x1: {{channels: 1, bias: true}}]"),
        identify(data=", validation: 0.2"),
        identify(train=", lr: 0.2"),
        identify(),
    ]
    assert len(set(others)) == len(others)
