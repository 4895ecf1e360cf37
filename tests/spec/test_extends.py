"""Files laid over others: what wins, where faults are reported, and what cannot be laid over."""

from __future__ import annotations

from pathlib import Path

import pytest

from ablate.errors import SpecError
from ablate.spec import Architecture, load, load_study


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("nets", "studies"):
        (tmp_path / folder).mkdir()
    return tmp_path


def write(**files: str) -> None:
    for name, text in files.items():
        Path(name.replace("__", "/") + ".yaml").write_text(text)


def lines_of(path: str, *overrides: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        load(path, overrides)
    return str(caught.value).splitlines()


def test_precedence(here: Path) -> None:
    write(
        first="baseline: {architecture: {family: cifar, depth: 8}, data: {dataset: digits}, train: {lr: 1, gamma: 5}}",
        second="baseline: {train: {lr: 2, momentum: 0.5, milestones: [1, 2]}}\nseeds: [1, 2]",
        study="extends: [first.yaml, second.yaml]\nbaseline: {train: {milestones: [5], epochs: 9}}\nseeds: [7]",
    )
    study = load_study("study.yaml", ["train.epochs=12", "train.epochs=11"])
    train = study.cells[0].train
    assert (train.gamma, train.momentum, train.lr) == (5.0, 0.5, 2.0)  # later over earlier
    assert (train.milestones, study.seeds) == ((5,), (7,))  # the file over both, lists replaced
    assert train.epochs == 11  # the command line over all, the last of two
    assert study.name == "study"


def test_an_architecture_file_is_the_baseline_of_a_study(here: Path) -> None:
    write(
        nets__resnet="architecture: {family: cifar, depth: 20}\nblocks: {mine: {branch: [conv3x3, bn]}}",
        nets__recipe="train: {epochs: 5}\n",
        studies__study="extends: [../nets/resnet.yaml, ../nets/recipe.yaml]\nbaseline: {data: {dataset: digits}}\n"
        "grid: {architecture.shortcut: [none, identity]}",
    )
    study = load_study("studies/study.yaml")
    assert study.cells[0].train.epochs == 5
    assert study.cells[1].architecture["depth"] == 20
    assert list(study.cells[1].architecture["blocks"]) == ["mine"]


def test_an_architecture_may_extend_another(here: Path) -> None:
    write(
        nets__a="architecture: {family: cifar, depth: 20, shortcut: none}",
        nets__b="extends: a.yaml\narchitecture: {depth: 56}",
    )
    found = load("nets/b.yaml")
    assert isinstance(found, Architecture)
    assert found.architecture == {"family": "cifar", "depth": 56, "shortcut": "none"}
    assert found.name == "b"


def test_one_file_may_be_reached_twice(here: Path) -> None:
    write(
        a="baseline: {architecture: {family: cifar, depth: 8}, data: {dataset: digits}}",
        b="extends: a.yaml\nseeds: 2",
        c="extends: a.yaml\nquestion: c",
        d="extends: [b.yaml, c.yaml]",
    )
    study = load_study("d.yaml")
    assert (study.seeds, study.question) == ((0, 1), "c")


def test_faults_stand_in_the_file_that_has_them(here: Path) -> None:
    write(
        nets__base="baseline:\n  architecture: {family: cifar, depth: 20}\n  data: {dataset: digits}\n"
        "  train: {epoch: 3}\nseeds: 2\nseeds: 3\n",
        studies__study="extends: ../nets/base.yaml\nbaseline:\n  train: {lr: fast}\n",
    )
    assert lines_of("studies/study.yaml", "seeds=x", "train.momentun=1") == [
        "command line: seeds: expected a whole number above 0 and at most 1000 or a list of 1 to 1000 values, "
        "each a whole number of at least 0 and below 4294967296, got 'x'",
        "command line: train.momentun: unknown key, got 1; did you mean 'momentum'?",
        "nets/base.yaml:4:11: train.epoch: unknown key, got 3; did you mean 'epochs'?",
        "nets/base.yaml:6:1: seeds: given twice, first at line 5, column 1; remove one",
        "studies/study.yaml:3:15: train.lr: expected a number above 0, got 'fast'",
    ]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("extends: other.yaml", "1:10: extends: 'other.yaml': no such file; did you mean 'studies/others.yaml'?"),
        ("extends: [others.yaml, 3]", "1:24: extends: expected a file name, relative to this file, got 3"),
        ("extends:", "1:9: extends: expected a file name, relative to this file, got nothing"),
        ("extends: ..", "1:10: extends: '..': a folder, not a file; name a YAML file in it"),
        ("extends: x.yaml", "1:10: extends: 'x.yaml' extends this file in turn, or too many others; break the chain"),
        ("extends: list.yaml", "1:10: extends: 'list.yaml' has no keys, got [1, 2]; extend another file"),
    ],
)
def test_what_cannot_be_extended(here: Path, text: str, line: str) -> None:
    write(studies__others="seeds: 3", studies__list="[1, 2]", studies__x=f"{text}\nblocks: {{}}\n")
    assert f"studies/x.yaml:{line}" in lines_of("studies/x.yaml")


def test_a_circle_is_reported_where_it_closes(here: Path) -> None:
    write(a="extends: b.yaml\nseeds: 1", b="extends: c.yaml", c="seeds: 2\nextends: [a.yaml]")
    assert lines_of("a.yaml")[-1] == (
        "c.yaml:2:11: extends: 'a.yaml' extends this file in turn, or too many others; break the chain"
    )


def test_a_chain_has_an_end(here: Path) -> None:
    for number in range(40):
        Path(f"f{number}.yaml").write_text(f"extends: f{number + 1}.yaml\nseeds: 1")
    assert "f20.yaml:1:10: extends: 'f21.yaml' extends this file in turn" in "\n".join(lines_of("f0.yaml"))


def test_an_extended_file_that_is_no_yaml(here: Path) -> None:
    write(a="a: [", b="extends: a.yaml\narchitecture: {family: cifar, depth: 20}")
    assert lines_of("b.yaml") == [
        "a.yaml:1:5: not YAML: the end of the line cannot stand here; complete the value, or quote the text"
    ]
