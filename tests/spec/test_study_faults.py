"""Every way a study can be wrong: the whole line that a user reads, and all lines of a file at once."""

# ruff: noqa: E501  (the lines are those that a user reads)

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.errors import SpecError
from ablate.spec import Study, load

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 20}
  data: {dataset: digits}
  train: {epochs: 30}
grid:
  architecture.depth: [8, 20]
  architecture.shortcut: [none, identity]
seeds: 3
claims:
  - says: Deeper is worse.
    metric: train_error
    where: {architecture.shortcut: none}
    compare: {architecture.depth: [20, 8]}
    expect: higher
"""

# what stands in the study above -> what to write instead -> the one line of the answer
# fmt: off
FAULTS = [
    ("epochs: 30", "epochs: many",
     "4:19: train.epochs: expected a whole number above 0, got 'many'"),
    ("epochs: 30", "epochs: 1.5",
     "4:19: train.epochs: expected a whole number above 0, got 1.5"),
    ("epochs: 30", "epochs: '30'",
     "4:19: train.epochs: expected a whole number above 0, got '30'; remove the quotes"),
    ("epochs: 30", "epochs: -1",
     "4:19: train.epochs: expected a whole number above 0, got -1"),
    ("epochs: 30", "epochs: ",
     "4:19: train.epochs: expected a whole number above 0, got nothing"),
    ("epochs: 30", "lr: fast",
     "4:15: train.lr: expected a number above 0, got 'fast'"),
    ("epochs: 30", "lr: 1O",
     "4:15: train.lr: expected a number above 0, got '1O'"),
    ("epochs: 30", "lr: 1_0",
     "4:15: train.lr: expected a number above 0, got '1_0'"),
    ("epochs: 30", "lr: .nan",
     "4:15: baseline.train.lr: expected a finite number, got .nan; quote it if it is text"),
    ("epochs: 30", "momentum: 1",
     "4:21: train.momentum: expected a number of at least 0 and below 1, got 1"),
    ("epochs: 30", "nesterov: yes",
     "4:21: train.nesterov: expected true or false, got 'yes'"),
    ("epochs: 30", "decay: weight",
     "4:18: train.decay: expected one of 'all' or 'weights', got 'weight'; did you mean 'weights'?"),
    ("epochs: 30", "epoch: 3",
     "4:11: train.epoch: unknown key, got 3; did you mean 'epochs'?"),
    ("epochs: 30", "milestones: 15",
     "4:23: train.milestones: expected a list, each a whole number above 0, got 15"),
    ("epochs: 30", "milestones: [1, 0]",
     "4:27: train.milestones[1]: expected a whole number above 0, got 0"),
    ("epochs: 30", "milestones: [9, 5]",
     "4:27: train.milestones[1]: must come after 9, got 5; list them in rising order"),
    ("epochs: 30", "milestones: [9, 30]",
     "4:27: train.milestones[1]: must be below epochs (30) to have an effect, got 30"),
    ("epochs: 30", "warmup_steps: 330",
     "4:25: train.warmup_steps: must be below the 330 steps of the training, got 330"),
    ("epochs: 30", "nesterov: true, momentum: 0",
     "4:21: train.nesterov: needs momentum above 0, got 0; set momentum or leave it out"),
    ("epochs: 30", "batch_size: 9, accumulate: 5",
     "4:38: train.accumulate: leaves micro-batches of one image at batch_size 9, got 5; lower it, or raise batch_size"),
    ("epochs: 30", "lr: 1, learning_rate: 2",
     "4:18: baseline.train.learning_rate: the same as 'lr', which is given too; remove one"),
    ("{epochs: 30}", "3",
     "4:10: train: expected a mapping, got 3"),
    ("dataset: digits", "dataset: digit",
     "3:19: data.dataset: expected one of 'digits', 'cifar10', 'cifar100', 'svhn', 'mnist', 'fashion-mnist', 'imagenet' or 'folder', got 'digit'; did you mean 'digits'?"),
    ("dataset: digits", "size: 8",
     "3:3: data.dataset: missing; write one of 'digits', 'cifar10', 'cifar100', 'svhn', 'mnist', 'fashion-mnist', 'imagenet' or 'folder'"),
    ("digits", "digits, augment: {flop: true}",
     "3:37: data.augment.flop: unknown key, got true; did you mean 'flip'?"),
    ("digits", "digits, augment: {cutout: 9}",
     "3:45: data.augment.cutout: a square larger than the image, got 9 of 8 pixels; write a smaller one"),
    ("digits", "digits, validation: 1e-5",
     "3:39: data.validation: holds out no image of 1,437, got 1e-05; write a larger fraction, or 0"),
    ("train: {", "trian: {",
     "4:3: baseline.trian: unknown key, got {epochs: 30}; did you mean 'train'?"),
    ("seeds: 3", "seeds: 0",
     "8:8: seeds: expected a whole number above 0 and at most 1000 or a list of 1 to 1000 values, each a whole number of at least 0 and below 4294967296, got 0"),
    ("seeds: 3", "seeds: [1, 2, 1]",
     "8:15: seeds[2]: given twice, got 1; list each seed once"),
    ("seeds: 3", "seeds: [1, -2]",
     "8:12: seeds[1]: expected a whole number of at least 0 and below 4294967296, got -2"),
    ("seeds: 3", "seed: 3",
     "8:1: seed: unknown key, got 3; did you mean 'seeds'?"),
    ("seeds: 3", "train: {lr: 1}",
     "8:1: train: stands at the top; move it under 'baseline'"),
    ("seeds: 3", "question: 3",
     "8:11: question: expected text, got 3"),
    ("seeds: 3", "report: {reference: he2015-cifar1}",
     "8:21: report.reference: no published table of this name, got 'he2015-cifar1'; did you mean 'he2015-cifar10'?"),
    ("seeds: 3", "report: {reference: [he2015-cifar10, he2016-activations]}",
     "8:38: report.reference[1]: no published table of this name, got 'he2016-activations'; did you mean 'he2016-activation'?"),
    ("seeds: 3", "report: {reference: 3}",
     "8:21: report.reference: expected text or a list of at least one value, each text or nothing, got 3"),
    ("seeds: 3", "report: {refrence: x}",
     "8:10: report.refrence: unknown key, got 'x'; did you mean 'reference'?"),
    ("architecture.depth: [8, 20]", "architecture.depth: 20",
     "6:23: grid.architecture.depth: expected a list of at least one value, got 20"),
    ("[none, identity]", "[none, identity, none]",
     "7:43: grid.architecture.shortcut[2]: the same value as [0], got 'none'; list each once"),
    ("  architecture.shortcut", "  train.lr: []\n  architecture.shortcut",
     "7:13: grid.train.lr: expected a list of at least one value, got []"),
    ("  architecture.shortcut", "  train.lrr: [1]\n  architecture.shortcut",
     "7:3: train.lrr: unknown key, got 1; did you mean 'lr'?"),
    ("  architecture.shortcut", "  train.lr: [1, x]\n  architecture.shortcut",
     "7:17: train.lr: expected a number above 0, got 'x'"),
    ("  architecture.shortcut", "  train.epochs.x: [1]\n  architecture.shortcut",
     "7:3: grid.train.epochs.x: no place for 'x' in 30"),
    ("  architecture.shortcut", "  seeds: [1]\n  architecture.shortcut",
     "7:3: grid.seeds: seeds are no axis; write 'seeds:' beside 'grid:'"),
    ("  architecture.shortcut", "  trian.lr: [1]\n  architecture.shortcut",
     "7:3: grid.trian.lr: no path into the baseline; did you mean 'train'?"),
    ("  architecture.shortcut", "  lr: [1]\n  architecture.shortcut",
     "7:3: grid.lr: no path into the baseline; it starts with 'architecture', 'data', 'train' or 'blocks'"),
    ("  architecture.shortcut", "  train..lr: [1]\n  architecture.shortcut",
     "7:3: grid.train..lr: 'train..lr' is not a path; write it like train.lr or blocks.mine.branch[4]"),
    ("  architecture.shortcut", "  baseline.architecture.depth: [8]\n  architecture.shortcut",
     "7:3: grid.baseline.architecture.depth: sets the same as the axis 'architecture.depth'; keep one of them"),
    ("  architecture.shortcut", "  train.milestones: [[1]]\n  'train.milestones[0]': [2]\n  architecture.shortcut",
     "8:3: grid.train.milestones[0]: sets the same as the axis 'train.milestones'; keep one of them"),
    ("  architecture.shortcut", "  exclude: [{architecture.depth: 9}]\n  architecture.shortcut",
     "7:34: grid.exclude[0].architecture.depth: no value of the axis, got 9; the values are 8 and 20"),
    ("  architecture.shortcut", "  exclude: [{architecture.dept: 8}]\n  architecture.shortcut",
     "7:14: grid.exclude[0].architecture.dept: no axis of the design; did you mean 'architecture.depth'?"),
    ("  architecture.shortcut", "  exclude: [8]\n  architecture.shortcut",
     "7:13: grid.exclude[0]: expected a mapping of axes to values, got 8"),
    ("  architecture.shortcut", "  include: [{architecture.shortcut: none}]\n  exclude: [{architecture.shortcut: [identity]}]\n  architecture.shortcut",
     "8:13: grid.exclude[0]: no cell meets this condition; remove it"),
    ("metric: train_error", "metric: error",
     "11:13: claims[0].metric: expected one of 'train_error', 'val_error', 'test_error', 'train_loss', 'val_loss', 'test_loss', 'parameters' or 'multiply_adds' or a mapping with 'epochs_to', got 'error'; did you mean 'val_error'?"),
    ("    metric: train_error\n", "",
     "10:5: claims[0].metric: missing; write one of 'train_error', 'val_error', 'test_error', 'train_loss', 'val_loss', 'test_loss', 'parameters' or 'multiply_adds' or a mapping with 'epochs_to'"),
    ("expect: higher", "expect: hihger",
     "14:13: claims[0].expect: expected one of 'higher', 'lower', 'not-higher', 'not-lower', 'equal', 'rises' or 'falls' or nothing, got 'hihger'; did you mean 'higher'?"),
    ("[20, 8]", "[20, 8, 14]",
     "13:35: claims[0].compare.architecture.depth: expected a list of 2 values, got [20, 8, 14]"),
    ("[20, 8]", "[20, 14]",
     "13:40: claims[0].compare.architecture.depth[1]: no value of the axis, got 14; the values are 8 and 20"),
    ("[20, 8]", "[20, '8']",
     "13:40: claims[0].compare.architecture.depth[1]: no value of the axis, got '8'; the values are 8 and 20"),
    ("[20, 8]", "[8, 8]",
     "13:35: claims[0].compare.architecture.depth: compares a value with itself; write two different ones"),
    ("{architecture.depth: [20, 8]}", "{architecture.dpth: [20, 8]}",
     "13:15: claims[0].compare.architecture.dpth: no axis of the design; did you mean 'architecture.depth'?"),
    ("{architecture.depth: [20, 8]}", "{}",
     "13:14: claims[0].compare: expected a mapping with one key or nothing, got {}"),
    ("where: {architecture.shortcut: none}", "where: {architecture.shortcut: non}",
     "12:36: claims[0].where.architecture.shortcut: no value of the axis, got 'non'; the values are 'none' and 'identity'"),
    ("where: {architecture.shortcut: none}", "where: {train.lr: 0.1}",
     "12:13: claims[0].where.train.lr: no axis of the design; the axes are 'architecture.depth' and 'architecture.shortcut'"),
    ("where: {architecture.shortcut: none}", "where: {architecture.depth: 8}",
     "12:12: claims[0].where: holds 'architecture.depth' fixed, which is compared; leave it out"),
    ("  architecture.shortcut: [none, identity]\n", "  architecture.shortcut: [none, identity]\n  exclude: [{architecture.depth: 8, architecture.shortcut: none}]\n",
     "14:14: claims[0].compare: no two cells differ in this alone; see the conditions of the grid"),
    ("expect: higher", "expect: higher\n    margin: -1",
     "15:13: claims[0].margin: expected a number of at least 0, got -1"),
    ("    compare: {architecture.depth: [20, 8]}\n", "",
     "10:5: claims[0]: claims nothing; write 'compare', 'interaction', 'along', 'order', 'below' or 'above'"),
    ("    expect: higher", "    expect: higher\n    below: 5",
     "15:12: claims[0].below: a claim has one of 'compare' and 'below'; remove the others"),
    ("    expect: higher\n", "",
     "10:5: claims[0].expect: missing; write one of 'higher', 'lower', 'not-higher', 'not-lower' or 'equal'"),
    ("expect: higher", "expect: rises",
     "14:13: claims[0].expect: expected one of 'higher', 'lower', 'not-higher', 'not-lower' or 'equal' beside 'compare', got 'rises'"),
    ("compare: {architecture.depth: [20, 8]}", "along: architecture.depth",
     "14:13: claims[0].expect: expected one of 'rises' or 'falls' beside 'along', got 'higher'"),
    ("compare: {architecture.depth: [20, 8]}\n    expect: higher", "along: architecture.dpth\n    expect: rises",
     "13:12: claims[0].along: no axis of the design; did you mean 'architecture.depth'?"),
    ("where: {architecture.shortcut: none}\n    compare: {architecture.depth: [20, 8]}\n    expect: higher", "along: architecture.shortcut\n    expect: rises",
     "12:12: claims[0].along: the values of 'architecture.shortcut' are no numbers; put them in order with `order: {architecture.shortcut: [...]}`"),
    ("where: {architecture.shortcut: none}\n    compare: {architecture.depth: [20, 8]}\n    expect: higher", "where: {architecture.depth: 8}\n    along: architecture.depth\n    expect: rises",
     "13:12: claims[0].along: has fewer than two values where the claim looks; there is no order to claim"),
    ("compare: {architecture.depth: [20, 8]}\n    expect: higher", "order: {architecture.depth: [20, 8, 20]}\n    expect: rises",
     "13:33: claims[0].order.architecture.depth: compares a value with itself; write two different ones"),
    ("compare: {architecture.depth: [20, 8]}\n    expect: higher", "order: {architecture.depth: [20]}\n    expect: rises",
     "13:33: claims[0].order.architecture.depth: expected a list of at least 2 values, got [20]"),
    ("where: {architecture.shortcut: none}\n    compare: {architecture.depth: [20, 8]}", "interaction: {architecture.depth: [20, 8]}",
     "12:18: claims[0].interaction: expected a mapping with 2 keys or nothing, got {architecture.depth: [20, 8]}"),
    ("where: {architecture.shortcut: none}\n    compare: {architecture.depth: [20, 8]}", "interaction: {architecture.depth: [20, 8], architecture.shortcut: [none, idntity]}",
     "12:78: claims[0].interaction.architecture.shortcut[1]: no value of the axis, got 'idntity'; the values are 'none' and 'identity'"),
    ("compare: {architecture.depth: [20, 8]}", "interaction: {architecture.depth: [20, 8], architecture.shortcut: [none, identity]}",
     "12:12: claims[0].where: holds 'architecture.shortcut' fixed, which is compared; leave it out"),
    ("compare: {architecture.depth: [20, 8]}", "below: 5",
     "14:5: claims[0].expect: means nothing beside 'below', which says it all; remove it"),
    ("compare: {architecture.depth: [20, 8]}\n    expect: higher", "below: 5\n    margin: 1",
     "14:5: claims[0].margin: means nothing for a threshold; change the threshold"),
    ("compare: {architecture.depth: [20, 8]}\n    expect: higher", "above: much",
     "13:12: claims[0].above: expected a number or nothing, got 'much'"),
    ("expect: higher", "expect: equal",
     "10:5: claims[0].margin: missing; write by how much they may differ, as no number of seeds shows that they do not at all"),
    ("metric: train_error", "metric: {epochs_to: {train_eror: 10}}",
     "11:26: claims[0].metric.epochs_to.train_eror: unknown key, got 10; did you mean 'train_error'?"),
    ("metric: train_error", "metric: {epochs_to: {train_error: 110}}",
     "11:39: claims[0].metric.epochs_to.train_error: expected a number of at least 0 and at most 100 or nothing, got 110"),
    ("metric: train_error", "metric: {epochs_to: {}}",
     "11:25: claims[0].metric.epochs_to: expected one of 'train_error', 'val_error' or 'test_error', with the value to reach"),
    ("  - says: Deeper is worse.\n    metric", "  - yes\n  - says: Deeper is worse.\n    metric",
     "10:5: claims[0]: expected a mapping, got 'yes'"),
]
# fmt: on


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def lines_of(text: str, *overrides: str) -> list[str]:
    Path("x.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load("x.yaml", overrides)
    return str(caught.value).splitlines()


def test_the_study_itself_is_right(here: Path) -> None:
    Path("x.yaml").write_text(STUDY)
    assert isinstance(load("x.yaml"), Study)


@pytest.mark.parametrize(("old", "new", "line"), FAULTS, ids=[new[:30] for _, new, _ in FAULTS])
def test_one_fault_one_line(here: Path, old: str, new: str, line: str) -> None:
    assert old in STUDY
    assert lines_of(STUDY.replace(old, new, 1)) == [f"x.yaml:{line}"]


def test_all_faults_at_once_in_the_order_of_the_file(here: Path) -> None:
    text = STUDY
    for old, new in {
        "depth: 20}": "depth: 20, block: basik}",
        "digits": "digit",
        "epochs: 30": "lr: fast, lr: 1, epoch: 3",
        "[8, 20]": "[8, 21]",
        "seeds: 3": "seeds: 0",
        "expect: higher": "expect: more",
    }.items():
        text = text.replace(old, new)
    assert [line.split(": ")[:2] for line in lines_of(text)] == [
        ["x.yaml:2:51", "architecture.block"],
        ["x.yaml:3:19", "data.dataset"],
        ["x.yaml:4:15", "train.lr"],
        ["x.yaml:4:21", "baseline.train.lr"],
        ["x.yaml:4:28", "train.epoch"],
        ["x.yaml:8:8", "seeds"],
        ["x.yaml:14:13", "claims[0].expect"],
    ]


def test_a_fault_of_the_architecture_stands_at_the_value_that_caused_it(here: Path) -> None:
    (line,) = lines_of(STUDY.replace("[8, 20]", "[8, 20, 21]"))
    assert line.startswith("x.yaml:6:31: architecture.depth: ")
    assert "cell" not in line
    (line,) = lines_of(STUDY.replace("[none, identity]", "[none, identity, idntity]"))
    assert line.startswith("x.yaml:7:43: architecture.shortcut: ")
    assert line.endswith("did you mean 'identity'?")


def test_off_is_text_and_no_shortcut(here: Path) -> None:
    (line,) = lines_of(STUDY.replace("[none, identity]", "[none, off]"))
    assert line.startswith("x.yaml:7:33: architecture.shortcut: ")
    assert "'off'" in line
    assert "'none'" in line


def test_a_fault_of_some_cells_in_the_baseline_names_the_first(here: Path) -> None:
    text = STUDY.replace("architecture.shortcut: [none, identity]", "train.epochs: [30, 10]").partition("claims")[0]
    text = text.replace("{epochs: 30}", "{milestones: [15]}")
    assert lines_of(text) == [
        "x.yaml:4:24: train.milestones[0]: must be below epochs (10) to have an effect, got 15 "
        "(in cell 'depth=8 epochs=10')"
    ]


def test_a_claim_on_validation_needs_validation(here: Path) -> None:
    text = STUDY.replace("train_error", "val_error").replace("digits", "digits, validation: 0")
    assert lines_of(text) == [
        "x.yaml:11:13: claims[0].metric: 'val_error' needs validation images; set data.validation above 0"
    ]


def test_a_design_too_large_is_not_built(here: Path) -> None:
    values = list(range(1, 200))
    text = STUDY.replace("[8, 20]", str(values)).replace("[none, identity]", f"[none]\n  train.epochs: {values}")
    assert "x.yaml:5:1: grid: 39,601 cells; at most 10,000, write fewer values" in lines_of(text)


def test_cells_of_one_name(here: Path) -> None:
    text = STUDY.replace("  architecture.shortcut: [none, identity]", "  data.root: [null, 'null']").partition(
        "claims"
    )[0]
    assert lines_of(text) == [
        "x.yaml:5:1: grid: two cells would be called 'depth=20 root=null'; change one",
        "x.yaml:5:1: grid: two cells would be called 'depth=8 root=null'; change one",
    ]


def test_a_root_without_a_known_key(here: Path) -> None:
    lines = lines_of("baselin: {architecture: {family: cifar}}")
    assert lines == ["x.yaml:1:1: baselin: unknown key, got {architecture: {family: cifar}}; did you mean 'baseline'?"]
    assert lines_of("blocks: {}") == [
        "x.yaml:1:1: neither a study nor an architecture; write `baseline:` or `architecture:`"
    ]
    assert lines_of("question: What?") == ["x.yaml:1:1: baseline: missing; write a mapping"]
    assert lines_of("architecture: 3") == ["x.yaml:1:15: architecture: expected a mapping, got 3"]


def test_no_message_speaks_of_pydantic(here: Path) -> None:
    for old, new, _ in FAULTS:
        for line in lines_of(STUDY.replace(old, new, 1)):
            assert "pydantic" not in line
            assert "http" not in line
            assert "Input should" not in line
