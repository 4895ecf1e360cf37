"""`search:` in the language: settings known in advance, what they do to a cell, and every way it can be wrong."""

# ruff: noqa: E501  (the lines are those that a user reads)

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import SpecError
from ablate.spec import Study, Trial, load_study

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 8, widths: [2, 2, 2]}
  data: {dataset: digits, validation: 0.1}
  train: {epochs: 3, lr: 0.05}
grid:
  architecture.shortcut: [none, identity]
search:
  parameters:
    train.lr: {loguniform: [0.01, 1.0]}
    train.nesterov: {choice: [false, true]}
    train.momentum: {uniform: [0.5, 0.9], step: 0.1, when: {train.nesterov: true}}
  algorithm: random
  trials: 8
"""

Read = Callable[[str], Study]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """The study of a text."""

    def load_text(text: str) -> Study:
        path = tmp_path / "s.yaml"
        path.write_text(text)
        return load_study(path)

    return load_text


def test_settings_are_drawn_within_their_ranges_and_only_where_they_apply(read: Read) -> None:
    search = read(STUDY.replace("trials: 8", "trials: 200")).search
    assert search
    assert len(search.settings) == 200
    for setting in search.settings:
        assert 0.01 <= setting["train.lr"] <= 1.0
        assert ("train.momentum" in setting) == setting["train.nesterov"]
        assert setting.get("train.momentum", 0.5) in (0.5, 0.6, 0.7, 0.8, 0.9)
    # of a log-uniform number, half are below the geometric mean: 200 draws, six standard deviations
    below = sum(setting["train.lr"] < 0.1 for setting in search.settings)
    assert abs(below - 100) < 6 * math.sqrt(200) / 2


def test_the_seed_decides_what_is_drawn(read: Read) -> None:
    first, again, other = read(STUDY), read(STUDY), read(STUDY + "  seed: 1\n")
    assert first.search
    assert again.search
    assert other.search
    assert first.search.settings == again.search.settings
    assert first.search.settings != other.search.settings


def test_more_trials_only_add_settings(read: Read) -> None:
    few, many = read(STUDY).search, read(STUDY.replace("trials: 8", "trials: 16")).search
    assert few
    assert many
    assert many.settings[:8] == few.settings


def test_a_grid_is_every_combination_that_its_conditions_leave(read: Read) -> None:
    text = STUDY.replace("{loguniform: [0.01, 1.0]}", "{choice: [0.1, 0.01]}").replace("random\n  trials: 8", "grid")
    search = read(text).search
    assert search
    found = [(s["train.lr"], s["train.nesterov"], s.get("train.momentum")) for s in search.settings]
    momenta = (0.5, 0.6, 0.7, 0.8, 0.9)
    expected = [
        (lr, nesterov, momentum)
        for lr, nesterov in product((0.1, 0.01), (False, True))
        for momentum in (momenta if nesterov else (None,))
    ]
    assert found == expected


def test_drawing_exhausts_a_small_space(read: Read) -> None:
    text = STUDY.replace("{loguniform: [0.01, 1.0]}", "{choice: [0.1, 0.01]}").replace("trials: 8", "trials: 12")
    search = read(text).search
    assert search
    assert len({str(setting) for setting in search.settings}) == 12


@given(
    low=st.integers(-50, 50),
    length=st.integers(1, 60),
    step=st.integers(1, 60),
)
def test_a_stepped_range_is_pythons(low: int, length: int, step: int) -> None:
    from ablate.spec.source.document import Mark, Node
    from ablate.spec.study.parameters import Parameter

    mark = Mark("s.yaml")
    node = Node((Node(low, mark), Node(low + length, mark)), mark)
    parameter = Parameter("train.epochs", ("train", "epochs"), (), mark, "int", node, step)
    assert parameter.values == tuple(range(low, low + length + 1, step))


def test_a_setting_changes_its_cell_and_nothing_else(read: Read) -> None:
    study = read(STUDY)
    assert study.search
    setting = {"train.lr": 0.25, "train.nesterov": True, "train.momentum": 0.6}
    for cell in study.cells:
        changed = study.search.apply(cell, setting)
        assert changed.name == cell.name
        assert changed.network == cell.network
        expected = cell.train.model_copy(update={"lr": 0.25, "nesterov": True, "momentum": 0.6})
        assert changed.train == expected
    assert study.search.name(setting) == "lr=0.25 nesterov=true momentum=0.6"


def test_a_chosen_cell_is_the_cell_that_is_written_so(read: Read) -> None:
    """Its records are shared with a study that has the setting in its baseline."""
    study = read(STUDY)
    assert study.search
    written = read(STUDY[: STUDY.index("search:")].replace("lr: 0.05", "lr: 0.25, momentum: 0.6, nesterov: true"))
    setting = {"train.lr": 0.25, "train.nesterov": True, "train.momentum": 0.6}
    for cell, expected in zip(study.cells, written.cells, strict=True):
        assert study.search.apply(cell, setting).identity == expected.identity


def test_an_undecided_cell_shares_no_training(read: Read) -> None:
    searched, plain = read(STUDY), read(STUDY[: STUDY.index("search:")])
    assert not {trial.id for trial in searched.trials} & {trial.id for trial in plain.trials}
    assert searched.search
    assert Trial(plain.cells[0], searched.search.training_seed).id not in {trial.id for trial in plain.trials}


def test_an_architecture_can_be_searched(read: Read) -> None:
    text = STUDY.replace("train.lr: {loguniform: [0.01, 1.0]}", "architecture.depth: {int: [8, 20], step: 6}")
    study = read(text.replace("random\n  trials: 8", "grid"))
    assert study.search
    deep = study.search.apply(study.cells[0], {"architecture.depth": 20})
    assert sum(1 for _ in deep.network.units()) == 9


# what stands in the study above -> what to write instead -> the lines of the answer
LR = "train.lr: {loguniform: [0.01, 1.0]}"
# fmt: off
FAULTS = [
    (LR, "train.lr: {loguniform: [0, 1]}",
     ["9:29: search.parameters.train.lr.loguniform[0]: expected a number above 0 on a logarithmic scale, got 0"]),
    (LR, "train.lr: {loguniform: [1.0, 0.1]}",
     ["9:28: search.parameters.train.lr.loguniform: expected the lower end first, got [1.0, 0.1]"]),
    (LR, "train.lrr: {loguniform: [0.1, 1.0]}",
     ["9:5: train.lrr: unknown key, got 0.1; did you mean 'lr'?"]),
    (LR, "lr: {loguniform: [0.1, 1.0]}",
     ["9:5: search.parameters.lr: no path into the baseline; it starts with 'architecture', 'data', 'train' or 'blocks'"]),
    (LR, "train.lr: [0.1, 1.0]",
     ["9:15: search.parameters.train.lr: expected a mapping, got [0.1, 1.0]"]),
    (LR, "train.lr: {lognormal: [0.1, 1.0]}",
     ["9:5: search.parameters.train.lr: write one of 'choice', 'uniform', 'loguniform' or 'int'",
      "9:16: search.parameters.train.lr.lognormal: unknown key, got [0.1, 1.0]; did you mean 'loguniform'?"]),
    (LR, "train.lr: {choice: [0.1, 1.0], uniform: [0, 1]}",
     ["9:5: search.parameters.train.lr: write one of 'choice', 'uniform', 'loguniform' or 'int', got 'choice' and 'uniform'"]),
    (LR, "train.lr: {choice: [0.1]}",
     ["9:24: search.parameters.train.lr.choice: one value is no choice, got [0.1]; set it in the baseline"]),
    (LR, "train.lr: {choice: [0.1, -1]}",
     ["9:30: train.lr: expected a number above 0, got -1"]),
    (LR, "train.lr: {choice: [0.1, 0.10]}",
     ["9:30: search.parameters.train.lr.choice[1]: the same value as [0], got 0.1; list each once"]),
    (LR, "train.lr: {uniform: [-1, 1]}",
     ["9:25: train.lr: expected a number above 0, got -1.0"]),
    (LR, "train.lr: {uniform: [0.1, 1], step: 2}",
     ["9:41: search.parameters.train.lr.step: leaves only 0.1 in [0.1, 1], got 2"]),
    (LR, "train.lr: {choice: [0.1, 1], step: 0.1}",
     ["9:34: search.parameters.train.lr.step: means nothing beside 'choice'; remove it"]),
    (LR, "train.epochs: {uniform: [2, 10]}",
     ["9:29: train.epochs: expected a whole number above 0, got 2.0"]),
    (LR, "train.epochs: {int: [2, 10], step: 1.5}",
     ["9:40: search.parameters.train.epochs.step: expected a whole number between whole numbers, got 1.5"]),
    (LR, "train.lr: {loguniform: [0.1]}",
     ["9:28: search.parameters.train.lr.loguniform: expected a list of 2 values, each a number or nothing, got [0.1]"]),
    (LR, "architecture.shortcut: {choice: [none, identity]}",
     ["9:5: search.parameters.architecture.shortcut: is what the cells differ in ('architecture.shortcut'); compare it or search it, not both"]),
    (LR, "architecture.depth: {choice: [8, 9]}",
     ["9:38: architecture.depth: cifar basic nets have depth 6n+2, got 9; nearest: 8, 14"]),
    (LR, "data.validation: {choice: [0.1, 0.2]}",
     ["9:5: search.parameters.data.validation: cannot be searched: settings are compared by it; set it in the baseline"]),
    (LR, "train.weight_decay: {choice: [0, 1e-4]}\n    train.weight_decay: {choice: [1, 2]}",
     ["10:5: search.parameters.train.weight_decay: given twice, first at line 9, column 5; remove one"]),
    (LR, LR + "\n    train.learning_rate: {uniform: [0.01, 1.0]}",
     ["10:5: search.parameters.train.learning_rate: sets the same as the parameter 'train.lr'; keep one of them"]),
    ("{train.nesterov: true}", "{train.nestero: true}",
     ["11:61: search.parameters.train.momentum.when.train.nestero: no parameter to depend on; did you mean 'train.nesterov'?"]),
    ("{train.nesterov: true}", "{train.lr: 0.1}",
     ["11:61: search.parameters.train.momentum.when.train.lr: no parameter to depend on; name a parameter with 'choice' that is written above"]),
    ("{train.nesterov: true}", "{train.nesterov: yes}",
     ["11:77: search.parameters.train.momentum.when.train.nesterov: none of its choices, got 'yes'; they are false and true"]),
    ("uniform: [0.5, 0.9], step: 0.1", "choice: [0, 0.9]",
     ["10:38: train.nesterov: needs momentum above 0, got 0; set momentum or leave it out"]),
    ("algorithm: random", "algorithm: bayes",
     ["12:14: search.algorithm: expected one of 'grid', 'random' or 'optuna', got 'bayes'"]),
    ("algorithm: random\n  trials: 8", "algorithm: grid",
     ["9:5: search.parameters.train.lr: has no list of values for a grid; write 'choice', or a 'step' that leaves at most 1,000"]),
    ("trials: 8", "trials: 8\n  scheduler: hyperband",
     ["14:14: search.scheduler: expected one of 'none', 'asha' or 'median', got 'hyperband'"]),
    ("trials: 8", "trials: 8\n  metric: test_error",
     ["14:11: search.metric: expected one of 'val_error' or 'val_loss', got 'test_error'; did you mean 'val_error'?"]),
    ("trials: 8", "trials: 8\n  metric: train_loss",
     ["14:11: search.metric: expected one of 'val_error' or 'val_loss', got 'train_loss'; did you mean 'val_loss'?"]),
    ("  trials: 8\n", "",
     ["7:1: search.trials: missing; write how many settings to try in each cell"]),
    ("trials: 8", "trials: 0",
     ["13:11: search.trials: expected a whole number above 0 and at most 1000 or nothing, got 0"]),
    ("validation: 0.1", "validation: 0",
     ["3:39: data.validation: is 0, but a search chooses on validation data; hold some out, e.g. 0.1"]),
    ("trials: 8", "trials: 8\n  seed: -1",
     ["14:9: search.seed: expected a whole number of at least 0 and below 1000000, got -1"]),
]
# fmt: on


@pytest.mark.parametrize(("old", "new", "lines"), FAULTS, ids=[fault[1] or fault[0] for fault in FAULTS])
def test_a_fault_is_told_once_where_it_stands(read: Read, tmp_path: Path, old: str, new: str, lines: list[str]) -> None:
    assert STUDY.count(old) == 1
    with pytest.raises(SpecError) as caught:
        read(STUDY.replace(old, new))
    assert str(caught.value).splitlines() == [f"{tmp_path / 's.yaml'}:{line}" for line in lines]


def test_too_few_settings_for_the_budget(read: Read) -> None:
    text = STUDY.replace("{loguniform: [0.01, 1.0]}", "{choice: [0.1, 0.01]}").replace("trials: 8", "trials: 13")
    with pytest.raises(SpecError, match=r"13:11: search\.trials: there are only 12 settings, got 13; write at most 12"):
        read(text)


def test_a_variant_cannot_set_what_is_searched(read: Read) -> None:
    text = STUDY.replace("grid:\n  architecture.shortcut: [none, identity]", "variants:\n  fast: {set: {train.lr: 1}}")
    with pytest.raises(SpecError, match=r"train\.lr: is what the cells differ in \('train\.lr'\)"):
        read(text)


def test_what_is_searched_cannot_be_given_on_the_command_line(read: Read, tmp_path: Path) -> None:
    study = read(STUDY)
    with pytest.raises(SpecError, match=r"is searched, but also given on the command line, got 0\.1"):
        load_study(study.file, ["train.lr=0.1"])


def test_a_search_can_be_turned_off_on_the_command_line(read: Read) -> None:
    study = load_study(read(STUDY).file, ["search=null", "train.lr=0.1"])
    assert study.search is None
    assert not any(cell.undecided for cell in study.cells)
