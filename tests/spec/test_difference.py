"""Differences against small networks whose difference is known by construction."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from ablate.spec import Architecture, Cell, load, load_architecture, load_study
from ablate.spec.architecture.difference import Difference, Step, compare

SPECS = sorted((Path(__file__).parents[2] / "specs" / "architectures").glob("*.yaml"))
SHORT = "architecture: {family: cifar, depth: 20}\n"
STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [4, 8, 16]}
  data: {dataset: digits}
  train: {epochs: 2}
grid: {architecture.depth: [8, 14], train.lr: [0.1, 0.05]}
"""
EXPLICIT = """\
architecture:
  input: [3, 8, 8]
  classes: 10
  stem: [conv3x3: {channels: 4}]
  stages: [{units: 5, block: mine}]
  head: [global-avgpool, linear: {features: classes}]
blocks:
  mine: {branch: [conv3x3, bn, relu], shortcut: [identity], join: add, after: [relu]}
"""


def architecture(folder: Path, text: str, *overrides: str) -> Architecture:
    path = folder / "net.yaml"
    path.write_text(text)
    return load_architecture(path, overrides)


def changed(folder: Path, text: str, *overrides: str) -> Difference:
    return compare(architecture(folder, text), architecture(folder, text, *overrides))


def words(steps: tuple[Step, ...]) -> list[str]:
    return [f"{'-' if not step.that else '+' if not step.this else ''}{step.this or step.that}" for step in steps]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_a_network_is_the_same_as_itself(path: Path) -> None:
    spec = load_architecture(path)
    difference = compare(spec, load_architecture(path))
    assert difference.same
    assert not (*difference.keys, *difference.alterations, *difference.measures, *difference.recipe)


def test_networks_differ_in_units_or_surroundings_exactly_where_they_are_unequal() -> None:
    nets = [load_architecture(path) for path in SPECS]
    assert len(nets) > 3
    for this, that in itertools.pairwise(nets):
        difference = compare(this, that)
        surroundings = (this.network.input, this.network.classes) != (that.network.input, that.network.classes)
        assert difference.same == (this.network == that.network)
        assert difference.same == (not difference.alterations and not surroundings)


def test_short_forms_differ_in_their_keys_with_defaults_filled_in(tmp_path: Path) -> None:
    difference = changed(tmp_path, SHORT, "architecture.activation=full-preactivation", "architecture.resize=pad")
    assert [(c.name, c.this, c.that) for c in difference.keys] == [
        ("architecture.activation", "original", "full-preactivation")
    ]
    assert difference.complete
    assert difference.measures == ()


def test_one_network_written_in_two_ways_is_the_same(tmp_path: Path) -> None:
    difference = changed(tmp_path, SHORT, "architecture.shortcut={scale: 1.0}")
    assert difference.same
    assert [c.name for c in difference.keys] == ["architecture.shortcut"]


def test_the_table_of_resnets_gives_the_confounds(tmp_path: Path) -> None:
    """He et al. 2015, Table 6: 0.27 M parameters with 20 layers, 1.7 M with 110."""
    measures = {c.name: (c.this, c.that) for c in changed(tmp_path, SHORT, "architecture.depth=110").measures}
    assert measures.pop("weighted_layers") == (20, 110)
    assert [round(value / 1e6, 2) for value in measures.pop("parameters")] == [0.27, 1.73]
    assert measures.keys() == {"multiply_adds", "receptive_field"}


@pytest.mark.parametrize(
    ("override", "places", "parts"),
    [
        ("blocks.mine.after=[]", ["stages[0].units[0..4]"], {"after": ["-relu"]}),
        ("blocks.mine.branch=[conv3x3, relu]", ["stages[0].units[0..4]"], {"branch": ["conv3x3", "-bn", "relu"]}),
        ("blocks.mine.branch=[conv3x3, bn, gelu]", None, {"branch": ["conv3x3", "bn", "-relu", "+gelu"]}),
        ("blocks.mine.join=concat", None, {"joined by": ["-add", "+concat"]}),
        ("architecture.stem=[conv3x3: {channels: 4}, bn]", ["stem"], {"operations": ["conv3x3", "+bn"]}),
    ],
)
def test_an_edit_of_a_block_is_told_at_every_unit(
    tmp_path: Path, override: str, places: list[str] | None, parts: dict[str, Any]
) -> None:
    difference = changed(tmp_path, EXPLICIT, override)
    found = difference.alterations[0]
    assert places is None or list(found.places) == places
    assert {part.name: words(part.steps) for part in found.parts}.items() >= parts.items()
    assert not difference.complete


@pytest.mark.parametrize(("units", "place", "sign"), [(7, "units[5..6]", "+"), (4, "units[4]", "-")])
def test_units_more_or_fewer_stand_alone(tmp_path: Path, units: int, place: str, sign: str) -> None:
    (alteration,) = changed(tmp_path, EXPLICIT, f"architecture.stages=[{{units: {units}, block: mine}}]").alterations
    assert alteration.places == (f"stages[0].{place}",)
    assert {word[0] for part in alteration.parts for word in words(part.steps)} == {sign}


def test_one_unit_in_the_middle_is_found(tmp_path: Path) -> None:
    text = EXPLICIT + "  other: {branch: [conv5x5, bn, relu], shortcut: [identity], join: add, after: [relu]}\n"
    stages = "[[{{units: 2, block: mine}}, {{block: other}}, {{units: {}, block: mine}}]]"
    (alteration,) = changed(tmp_path, text, f"architecture.stages={stages.format(2)}").alterations
    assert alteration.places == ("stages[0].units[2]",)
    assert words(alteration.parts[0].steps) == ["-conv3x3", "+conv5x5", "bn", "relu"]
    (alteration,) = changed(tmp_path, text, f"architecture.stages={stages.format(3)}").alterations
    assert alteration.places == ("stages[0].units[2]",)
    assert words(alteration.parts[0].steps) == ["+conv5x5", "+bn", "+relu"]


def test_values_of_all_stages_come_together(tmp_path: Path) -> None:
    difference = changed(tmp_path, SHORT, "architecture.widths=[32, 64, 128]")
    steps = [step for a in difference.alterations for part in a.parts for step in part.steps if part.name == "branch"]
    assert ((16, 32), (32, 64), (64, 128)) in [step.arguments.get("channels") for step in steps]


def cells(folder: Path, *overrides: str) -> list[Cell]:
    (folder / "study.yaml").write_text(STUDY)
    return list(load_study(folder / "study.yaml", overrides).cells)


def test_cells_with_equal_networks_differ_in_their_recipe(tmp_path: Path) -> None:
    first, second, *_ = cells(tmp_path)
    difference = compare(first, second)
    assert difference.same_network
    assert not difference.same
    assert [(c.name, c.this, c.that, c.ratio) for c in difference.recipe] == [("train.lr", 0.1, 0.05, 0.5)]


def test_a_recipe_that_changes_with_the_network_is_a_confound(tmp_path: Path) -> None:
    first, *_, last = cells(tmp_path)
    difference = compare(first, last)
    assert not difference.same_network
    assert {c.name for c in (*difference.measures, *difference.recipe)} >= {"parameters", "train.lr"}


def test_augmentation_is_told_key_by_key(tmp_path: Path) -> None:
    difference = compare(cells(tmp_path)[0], cells(tmp_path, "data.augment={pad: 1}")[0])
    assert [(c.name, c.this, c.that) for c in difference.recipe] == [("data.augment.pad", 0, 1)]


def test_auxiliary_classifiers_are_compared() -> None:
    path = next(path for path in SPECS if path.stem == "googlenet")
    spec = load(path)
    assert isinstance(spec, Architecture)
    difference = compare(spec, load_architecture(path, ["architecture.auxiliaries=[]"]))
    places = [place for alteration in difference.alterations for place in alteration.places]
    assert places == ["auxiliaries[0]", "auxiliaries[1]"]


def test_a_rule_that_counts_units_is_one_difference_with_all_its_values() -> None:
    """Stochastic depth survives linearly less from unit 1 to 54 (Huang et al. 2016, eq. 4)."""
    this, that = (
        load_architecture(SPECS[0].with_name(name)) for name in ("resnet-110.yaml", "stochastic-depth-resnet-110.yaml")
    )
    (alteration,) = compare(this, that).alterations
    assert alteration.places == tuple(f"stages[{s}].units[0..17]" for s in range(3))
    (added,) = [step for step in alteration.parts[0].steps if step.differs]
    assert [pair[1] for pair in added.arguments["survival"]] == pytest.approx([1 - n / 108 for n in range(1, 55)])


def test_a_unit_inside_a_path_is_compared_part_by_part(tmp_path: Path) -> None:
    scales = "{paths: {one: [conv1x1], three: [conv3x3]}, join: concat}"
    text = EXPLICIT.replace("branch: [conv3x3, bn, relu]", f"branch: [conv3x3, unit: {scales}, conv1x1]")
    (alteration,) = changed(tmp_path, text, "blocks.mine.branch[1].unit.paths.three=[conv3x3, relu]").alterations
    assert [part.name for part in alteration.parts] == ["branch[1].three"]
    assert words(alteration.parts[0].steps) == ["conv3x3", "+relu"]
