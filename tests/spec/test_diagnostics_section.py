"""`diagnostics:` as written: names and options, what is wrong with them, and that they make no trial another."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.errors import SpecError
from ablate.spec import Study, load_study

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8}
  data: {dataset: digits}
"""
DEFAULT = {
    "gradients": {"epochs": 10, "steps": 4},
    "responses": {"images": 256},
    "shortcuts": {"images": 256},
    "activations": {"images": 256},
}


def load(tmp_path: Path, text: str, *overrides: str) -> Study:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY + text)
    return load_study(file, overrides)


def faults(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(tmp_path, text)
    return [f"{fault.line}:{fault.column}: {fault.path}: {fault.message}" for fault in caught.value.faults]


def test_the_cheap_ones_are_the_default_and_require_nothing(tmp_path):
    diagnostics = load(tmp_path, "").trials[0].diagnostics
    assert diagnostics.options == DEFAULT
    assert diagnostics.required == {}


def test_a_list_replaces_the_default_and_is_required(tmp_path):
    study = load(tmp_path, "diagnostics:\n  - lesions\n  - gradients: {epochs: 3}\n")
    expected = {"lesions": {"images": 500, "draws": 3}, "gradients": {"epochs": 3, "steps": 4}}
    for trial in study.trials:
        assert trial.diagnostics.options == trial.diagnostics.required == expected


def test_none_at_all(tmp_path):
    assert load(tmp_path, "diagnostics: []\n").trials[0].diagnostics.options == {}


def test_on_the_command_line(tmp_path):
    study = load(tmp_path, "", "diagnostics=[lesions: {images: 50}]")
    assert study.diagnostics.options == {"lesions": {"images": 50, "draws": 3}}


def test_they_make_no_trial_another(tmp_path):
    texts = ["", "diagnostics: []\n", "diagnostics: [lesions]\n"]
    assert len({load(tmp_path, text).trials[0].id for text in texts}) == 1


NAMES = "'gradients', 'responses', 'shortcuts', 'activations' or 'lesions'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[leisons]", [f"4:15: diagnostics[0]: expected one of {NAMES} or a mapping, got 'leisons'; did you mean"]),
        ("[{lesion: {}}]", ["4:16: diagnostics[0].lesion: unknown key, got {}; did you mean 'lesions'?"]),
        ("[{lesions: {image: 3}}]", ["4:26: diagnostics[0].lesions.image: unknown key, got 3; did you mean 'images'?"]),
        ("[lesions, {lesions: {}}]", ["4:24: diagnostics[1]: 'lesions' is given twice; list each diagnostic once"]),
        ("[{}]", ["4:15: diagnostics[0]: names no diagnostic; remove it"]),
        ("lesions", ["4:14: diagnostics: expected a list"]),
        ("[[lesions]]", ["4:15: diagnostics[0]: expected one of"]),
        (
            "[{gradients: {epochs: 0, steps: few}}, {lesions: {draws: 101}}]",
            [
                "4:36: diagnostics[0].gradients.epochs: expected a whole number above 0, got 0",
                "4:46: diagnostics[0].gradients.steps: expected a whole number above 0, got 'few'",
                "4:71: diagnostics[1].lesions.draws: expected a whole number above 0 and at most 100, got 101",
            ],
        ),
    ],
)
def test_every_fault_has_its_place(tmp_path, text, expected):
    found = faults(tmp_path, f"diagnostics: {text}\n")
    assert len(found) == len(expected)
    for line, beginning in zip(found, expected, strict=True):
        assert line.startswith(beginning)
