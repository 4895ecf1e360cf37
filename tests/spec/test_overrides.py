"""`key=value` on the command line: read as in a file, put where it belongs, and refused as in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.errors import SpecError
from ablate.spec import Study, load_study
from ablate.spec.source.composer import compose
from ablate.spec.source.overrides import apply_overrides
from ablate.spec.source.wording import flow

STUDY = """\
baseline:
  architecture: {family: cifar, depth: 20}
  data: {dataset: digits}
  train: {epochs: 30, milestones: [15, 23], warmup_steps: 20}
grid:
  architecture.depth: [8, 20]
  architecture.shortcut: [none, identity]
seeds: 3
claims:
  - {says: Worse., metric: train_error, compare: {architecture.depth: [20, 8]}, expect: higher}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (path := Path("x.yaml")).write_text(STUDY)
    return path


def names(study: Study) -> list[str]:
    return [cell.name for cell in study.cells]


@pytest.mark.parametrize(
    ("override", "section", "key", "value"),
    [
        ("train.epochs=40", "train", "epochs", 40),
        ("baseline.train.epochs=40", "train", "epochs", 40),
        ("train.lr=1e-1", "train", "lr", 0.1),
        ("train.learning_rate=0.3", "train", "lr", 0.3),
        ("train.milestones=[3, 4]", "train", "milestones", (3, 4)),
        ("train.milestones[1]=20", "train", "milestones", (15, 20)),
        ("train.nesterov=true", "train", "nesterov", True),
        ("data.validation=0", "data", "validation", 0.0),
        ("data.root=a=b", "data", "root", "a=b"),
        ("data.root=", "data", "root", None),
        (" train.epochs = 40", "train", "epochs", 40),
    ],
)
def test_a_key_of_the_baseline(file: Path, override: str, section: str, key: str, value: object) -> None:
    found = getattr(getattr(load_study(file, [override]).cells[0], section), key)
    assert (found, type(found)) == (value, type(value))


def test_a_key_that_is_not_written_yet(file: Path) -> None:
    assert load_study(file, ["data.augment.pad=1"]).cells[0].data.augment.pad == 1


def test_keys_of_the_study(file: Path) -> None:
    study = load_study(file, ["seeds=2", "question=Why?", "claims[0].margin=1"])
    assert (study.seeds, study.question, study.claims[0].margin) == ((0, 1), "Why?", 1.0)
    assert load_study(file, ["seeds=[5]"]).seeds == (5,)


def test_an_axis_takes_the_values(file: Path) -> None:
    assert names(load_study(file, ["architecture.depth=[14]"])) == ["shortcut=none", "shortcut=identity"]
    assert names(load_study(file, ["architecture.depth=14"])) == ["shortcut=none", "shortcut=identity"]
    study = load_study(file, ["architecture.depth=[8, 14]", "architecture.shortcut=none"])
    assert names(study) == ["depth=8", "depth=14"]
    assert study.claims[0].compare == {"architecture.depth": (20, 8)}  # not testable any more, but not wrong
    assert names(load_study(file, ["grid.architecture.depth=[26]"])) == ["shortcut=none", "shortcut=identity"]
    assert len(load_study(file, ["grid.train.lr=[0.1, 0.2]"]).cells) == 8
    assert names(load_study(file, ["grid={}", "claims=[]"])) == ["baseline"]


def test_a_short_try_cuts_the_schedule_off(file: Path) -> None:
    train = load_study(file, ["train.epochs=1"]).cells[0].train
    assert (train.epochs, train.milestones, train.warmup_steps) == (1, (15, 23), 20)


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("train.epcohs=2", "train.epcohs: unknown key, got 2; did you mean 'epochs'?"),
        ("train.epochs=fast", "train.epochs: expected a whole number above 0, got 'fast'"),
        ("train.epochs=", "train.epochs: expected a whole number above 0, got nothing"),
        ("trian.epochs=2", "trian.epochs: unknown key, got 2; did you mean 'train'?"),
        ("seed=2", "seed: unknown key, got 2; did you mean 'seeds'?"),
        ("train.lr.x=1", "train.lr.x: no place for 'x' in 0.1"),
        ("claims[3].margin=1", "claims[3].margin: no entry 3 in a list of 1"),
        (
            "claims[x].margin=1",
            "claims[x].margin: expected the number of an entry in brackets, got 'x'; the first is [0]",
        ),
        (
            "train.lr=[",
            "train.lr: not YAML: the end of the line cannot stand here; complete the value, or quote the text",
        ),
        ("train.lr=.nan", "train.lr: expected a finite number, got .nan; quote it if it is text"),
        ("train.lr={a: 1, a: 2}", "train.lr: given twice, first at line 1, column 2; remove one"),
        ("epochs", "expected KEY=VALUE, got 'epochs'"),
        ("=2", "'' is not a path; write it like train.lr or blocks.mine.branch[4]"),
        ("a..b=2", "a..b: 'a..b' is not a path; write it like train.lr or blocks.mine.branch[4]"),
        (
            "architecture.shortcut.scale=0.5",
            "architecture.shortcut.scale: 'architecture.shortcut' is an axis of the grid, which sets this; "
            "override the axis",
        ),
        ("grid.train.lrr=[1]", "train.lrr: unknown key, got 1; did you mean 'lr'?"),
        ("architecture.depth=[8, 8]", "grid.architecture.depth[1]: the same value as [0], got 8; list each once"),
        ("architecture.depth=[]", "grid.architecture.depth: expected a list of at least one value, got []"),
    ],
)
def test_what_cannot_be_overridden(file: Path, override: str, line: str) -> None:
    if override.startswith("train.lr.x"):
        file.write_text(STUDY.replace("epochs: 30", "lr: 0.1"))
    with pytest.raises(SpecError) as caught:
        load_study(file, [override])
    assert str(caught.value) == f"command line: {line}"


NAMES = st.from_regex(r"[a-z_]{1,6}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.floats(-1e9, 1e9, allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
)


@given(st.lists(NAMES, min_size=1, max_size=4), VALUES)
def test_what_is_overridden_is_read_back(names: list[str], value: Any) -> None:
    document, _ = compose("architecture: {depth: 1}", "x.yaml")
    path = ".".join(["blocks", *names])
    changed, faults = apply_overrides(document, [f"{path}={flow(value)}"], study=False)
    node = changed.node(("blocks", *names))
    assert not faults
    assert node is not None
    assert json.dumps(node.plain) == json.dumps(value)
    assert changed.data["architecture"] == {"depth": 1}
