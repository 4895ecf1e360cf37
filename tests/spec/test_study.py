"""From a study's file to its cells, trials and claims."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import SpecError
from ablate.spec import Architecture, Claim, Data, Study, Train, load, load_architecture, load_study
from ablate.spec.architecture.reader import read_architecture

STUDY = """\
question: Do deeper plain nets train worse, and do shortcuts repair it?
source: He et al. 2015, Fig. 6
baseline:
  architecture: {family: cifar, depth: 20, block: basic, shortcut: identity}
  data: {dataset: digits}
  train: {epochs: 30, lr: 1e-1, milestones: [15, 23]}
grid:
  architecture.depth: [8, 20]
  architecture.shortcut: [none, identity]
seeds: 3
claims:
  - says: A deeper plain net has the higher training error.
    source: He et al. 2015, Fig. 6
    metric: train_error
    where: {architecture.shortcut: none}
    compare: {architecture.depth: [20, 8]}
    expect: higher
    margin: 1
report: {reference: he2015-cifar10}
"""
BASELINE = "baseline:\n  architecture: {family: cifar, depth: 8}\n  data: {dataset: digits}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("study.yaml")


def study_of(file: Path, text: str, *overrides: str) -> Study:
    file.write_text(text)
    return load_study(file, overrides)


def names(study: Study) -> list[str]:
    return [cell.name for cell in study.cells]


def test_the_whole_study(file: Path) -> None:
    study = study_of(file, STUDY)
    assert (study.name, study.file) == ("study", "study.yaml")
    assert study.question == "Do deeper plain nets train worse, and do shortcuts repair it?"
    assert study.source == "He et al. 2015, Fig. 6"
    assert [*study.references] == ["he2015-cifar10"]
    assert study.seeds == (0, 1, 2)
    assert study.baseline == "depth=20 shortcut=identity"
    assert study.claims == (
        Claim(
            says="A deeper plain net has the higher training error.",
            source="He et al. 2015, Fig. 6",
            metric="train_error",
            where={"architecture.shortcut": "none"},
            compare={"architecture.depth": (20, 8)},
            expect="higher",
            margin=1.0,
        ),
    )


def test_the_cells_are_the_full_factorial_in_written_order(file: Path) -> None:
    study = study_of(file, STUDY)
    assert {cell.name: dict(cell.factors) for cell in study.cells} == {
        "depth=8 shortcut=none": {"architecture.depth": 8, "architecture.shortcut": "none"},
        "depth=8 shortcut=identity": {"architecture.depth": 8, "architecture.shortcut": "identity"},
        "depth=20 shortcut=none": {"architecture.depth": 20, "architecture.shortcut": "none"},
        "depth=20 shortcut=identity": {"architecture.depth": 20, "architecture.shortcut": "identity"},
    }
    assert names(study) == sorted(names(study), key=lambda name: ("depth=20" in name, "identity" in name))


def test_a_cell_has_what_its_factors_say(file: Path) -> None:
    for cell in study_of(file, STUDY).cells:
        written = {"family": "cifar", "depth": cell.factors["architecture.depth"], "block": "basic"}
        written["shortcut"] = cell.factors["architecture.shortcut"]
        assert cell.architecture == written
        assert (cell.network, []) == read_architecture(written, {}, (1, 8, 8), 10)
        assert cell.data == Data(dataset="digits")
        assert cell.train == Train(epochs=30, lr=0.1, milestones=(15, 23))


def test_first_seeds_of_all_cells_come_first(file: Path) -> None:
    study = study_of(file, STUDY)
    assert [(trial.seed, trial.cell.name) for trial in study.trials] == [
        (seed, name) for seed in range(3) for name in names(study)
    ]
    assert len({trial.id for trial in study.trials}) == 12


def test_equal_cells_are_listed_both_and_trained_once(file: Path) -> None:
    text = BASELINE + "grid:\n  architecture.depth: [8, 14]\n  data.size: [null, 8]\nseeds: 2\n"
    study = study_of(file, text)
    assert names(study) == ["depth=8 size=null", "depth=8 size=8", "depth=14 size=null", "depth=14 size=8"]
    assert [trial.name for trial in study.trials] == [
        "depth=8 size=null seed=0",
        "depth=14 size=null seed=0",
        "depth=8 size=null seed=1",
        "depth=14 size=null seed=1",
    ]


def test_the_identity_is_that_of_what_is_trained(file: Path) -> None:
    def ids(text: str) -> list[str]:
        return [trial.id for trial in study_of(file, text).trials]

    same = ids(BASELINE)
    assert ids(BASELINE + "question: Another?\nseeds: [0]\n") == same
    assert ids(BASELINE.replace("digits", "digits, root: elsewhere")) == same
    assert ids(BASELINE.replace("cifar,", "cifar, block: basic,")) == same
    assert ids(BASELINE + "  train: {learning_rate: 0.1}\n") == same
    assert ids(BASELINE + "  train: {lr: 0.2}\n") != same
    assert ids(BASELINE.replace("8}", "14}")) != same
    assert ids(BASELINE.replace("digits", "digits, validation: 0")) != same
    assert ids(BASELINE + "seeds: [1]") != same


def test_without_a_grid_the_baseline_is_the_only_cell(file: Path) -> None:
    study = study_of(file, BASELINE)
    assert (names(study), study.baseline, study.seeds) == (["baseline"], "baseline", (0,))
    assert study.cells[0].factors == {}
    assert [trial.name for trial in study.trials] == ["baseline seed=0"]


def test_a_baseline_outside_the_design_has_no_name(file: Path) -> None:
    assert study_of(file, BASELINE + "grid: {architecture.depth: [14, 20]}").baseline == ""


def test_a_default_counts_as_the_baselines_value(file: Path) -> None:
    text = BASELINE + "grid: {architecture.shortcut: [none, identity], train.lr: [0.2, 0.1]}"
    assert study_of(file, text).baseline == "shortcut=identity lr=0.1"


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("{train.lr: [0.1, 1]}", ["lr=0.1", "lr=1"]),
        ("{train.lr: [1e-5], train.momentum: [0, 0.9]}", ["momentum=0", "momentum=0.9"]),
        ("{train.lr: [0.1]}", ["lr=0.1"]),
        ("{train.nesterov: [true, false]}", ["nesterov=true", "nesterov=false"]),
        ("{train.milestones: [[], [10, 20]]}", ["milestones=[]", "milestones=[10, 20]"]),
        (
            "{architecture.shortcut: [identity, {scale: 0.5, branch: 0.5}]}",
            ["shortcut=identity", "shortcut={scale: 0.5, branch: 0.5}"],
        ),
        ("{baseline.train.learning_rate: [0.1, 0.2]}", ["lr=0.1", "lr=0.2"]),
    ],
)
def test_cells_are_named_by_what_differs(file: Path, grid: str, expected: list[str]) -> None:
    assert names(study_of(file, BASELINE + f"grid: {grid}")) == expected


def test_axes_of_one_last_name_are_told_apart(file: Path) -> None:
    text = (
        "blocks:\n  mine: {branch: [conv3x3: {stride: unit}, bn, scale: {value: 0.5}, conv3x3, bn, scale: {value: 1}], "
    )
    text += "shortcut: [identity], join: add}\n" + BASELINE.replace("depth: 8", "depth: 8, block: mine")
    text += "grid:\n  'blocks.mine.branch[2].scale.value': [0.5, 1]\n  'blocks.mine.branch[5].scale.value': [1, 2]\n"
    study = study_of(file, text)
    assert names(study)[0] == "branch[2].scale.value=0.5 branch[5].scale.value=1"
    assert study.cells[0].architecture["blocks"]["mine"]["branch"][5] == {"scale": {"value": 1}}
    assert study.baseline == names(study)[0]
    assert len({cell.identity for cell in study.cells}) == 4


def test_conditions_choose_cells(file: Path) -> None:
    grid = "grid:\n  architecture.depth: [8, 14, 20]\n  architecture.shortcut: [none, identity]\n"
    text = BASELINE + grid + "  exclude:\n    - {architecture.depth: [8, 14], architecture.shortcut: none}\n"
    assert names(study_of(file, text)) == [
        "depth=8 shortcut=identity",
        "depth=14 shortcut=identity",
        "depth=20 shortcut=none",
        "depth=20 shortcut=identity",
    ]
    text = BASELINE + grid + "  include:\n    - {architecture.depth: 20}\n    - {architecture.shortcut: none}\n"
    text += "  exclude: [{architecture.depth: 14}]\n"
    assert names(study_of(file, text)) == [
        "depth=8 shortcut=none",
        "depth=20 shortcut=none",
        "depth=20 shortcut=identity",
    ]


def test_a_condition_may_name_a_value_that_is_a_list(file: Path) -> None:
    text = BASELINE + "grid:\n  train.milestones: [[], [10, 20]]\n  exclude: [{train.milestones: [10, 20]}]\n"
    assert names(study_of(file, text)) == ["milestones=[]"]


def test_a_claim_names_values_as_the_axis_does(file: Path) -> None:
    claims = """
claims:
  - {says: A, metric: test_loss, compare: {train.learning_rate: [1.0, 0.1]}, expect: not-lower,
     where: {architecture.shortcut: {gate: exclusive, bias: -6}}}
"""
    grid = "grid: {train.lr: [0.1, 1], architecture.shortcut: [none, {bias: -6, gate: exclusive}]}"
    (claim,) = study_of(file, BASELINE + grid + claims).claims
    assert claim.compare == {"train.lr": (1, 0.1)}
    assert claim.where == {"architecture.shortcut": "{bias: -6, gate: exclusive}"}


def test_seeds_may_be_listed(file: Path) -> None:
    assert study_of(file, BASELINE + "seeds: [7, 3]").seeds == (7, 3)


def test_empty_sections_are_absent_ones(file: Path) -> None:
    text = BASELINE + "  train:\ngrid:\nclaims:\nreport:\nblocks:\n"
    assert study_of(file, text).trials == study_of(file, BASELINE).trials


def test_an_architecture_file(file: Path) -> None:
    file.write_text("# ResNet-20\narchitecture: {family: cifar, depth: 20}\nblocks: {}\n")
    found = load(file)
    assert isinstance(found, Architecture)
    assert (found.name, found.file) == ("study", "study.yaml")
    assert found.architecture == {"family": "cifar", "depth": 20}
    assert (found.network, []) == read_architecture({"family": "cifar", "depth": 20}, {}, None, None)
    assert found.document.mark(("architecture", "depth")).line == 2
    assert load_architecture(file, ["architecture.depth=56"]).architecture["depth"] == 56
    with pytest.raises(SpecError, match=r"^study.yaml: an architecture, not a study; "):
        load_study(file)


def test_a_study_is_no_architecture(file: Path) -> None:
    file.write_text(STUDY)
    with pytest.raises(SpecError, match=r"^study.yaml: a study, not an architecture; "):
        load_architecture(file)


@given(
    depths=st.lists(st.sampled_from([8, 14, 20, 26, 32]), min_size=1, max_size=4, unique=True),
    rates=st.lists(st.sampled_from([0.3, 0.1, 0.01, 1]), min_size=1, max_size=3, unique=True),
    seeds=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=4, unique=True),
)
def test_every_combination_once(
    tmp_path_factory: pytest.TempPathFactory, depths: list[int], rates: list[float], seeds: list[int]
) -> None:
    path = tmp_path_factory.getbasetemp() / "combinations.yaml"
    grid = f"grid: {{architecture.depth: {depths}, train.lr: {rates}}}\nseeds: {seeds}\n"
    study = study_of(path, BASELINE + grid)
    assert [tuple(cell.factors.values()) for cell in study.cells] == [(d, lr) for d in depths for lr in rates]
    assert len(set(names(study))) == len(study.cells)
    assert len(study.trials) == len(depths) * len(rates) * len(seeds) == len({trial.id for trial in study.trials})


def test_checking_imports_neither_torch_nor_ray_and_is_quick(file: Path) -> None:
    file.write_text(STUDY)
    code = "import sys; from ablate.spec import load; load('study.yaml'); print({'torch', 'ray'} & {*sys.modules})"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "set()"
