"""Variants, edits and leave-one-out: what they match and change, and what they must not do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ablate.errors import SpecError
from ablate.spec import Study, load_study
from ablate.spec.source.composer import compose
from ablate.spec.source.patterns import parse_pattern
from ablate.spec.source.problems import dotted

BASELINE = """\
blocks:
  mine:
    branch: [conv3x3: {stride: unit}, bn, relu, conv3x3, bn]
    shortcut: [identity]
    join: add
    after: [relu]
  other: {branch: [conv1x1: {stride: unit}, bn, relu], shortcut: [identity], join: add}
baseline:
  architecture: {family: cifar, depth: 8, block: mine}
  data: {dataset: digits}
  train: {lr: 0.1, warmup_steps: 50}
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def study_of(text: str, *overrides: str) -> Study:
    Path("x.yaml").write_text(BASELINE + text)
    return load_study("x.yaml", overrides)


def lines_of(text: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        study_of(text)
    return str(caught.value).splitlines()


def blocks_of(study: Study, name: str) -> dict[str, Any]:
    (cell,) = (cell for cell in study.cells if cell.name == name)
    return dict(cell.architecture["blocks"])


def test_every_variant_is_the_baseline_but_for_its_edits() -> None:
    study = study_of("""
variants:
  no warm-up: {set: {train.warmup_steps: 0}}
  no second bn: {remove: ["blocks.mine.branch[4]"]}
  gelu: {replace: {"blocks.mine.*[relu]": gelu}}
  slow: {set: {train.learning_rate: 0.01, train.momentum: 0.5}, remove: [train.warmup_steps]}
""")
    cells = {cell.name: cell for cell in study.cells}
    assert list(cells) == ["baseline", "no warm-up", "no second bn", "gelu", "slow"]
    assert study.baseline == "baseline"
    assert [cell.factors for cell in study.cells] == [{"variant": name} for name in cells]
    assert [cell.train.warmup_steps for cell in study.cells] == [50, 0, 50, 50, 0]
    assert (cells["slow"].train.lr, cells["slow"].train.momentum) == (0.01, 0.5)
    mine = blocks_of(study, "no second bn")["mine"]
    assert mine["branch"] == [{"conv3x3": {"stride": "unit"}}, "bn", "relu", "conv3x3"]
    mine = blocks_of(study, "gelu")["mine"]
    assert mine["branch"] == [{"conv3x3": {"stride": "unit"}}, "bn", "gelu", "conv3x3", "bn"]
    assert mine["after"] == ["gelu"]
    assert blocks_of(study, "baseline")["mine"]["after"] == ["relu"]
    assert len({cell.identity for cell in study.cells}) == 5


def test_leave_one_out_and_pairs() -> None:
    text = "leave_one_out: ['blocks.mine.branch[1]', 'blocks.mine.branch[4]', train.warmup_steps]"
    study = study_of(text)
    assert [cell.name for cell in study.cells] == [
        "baseline",
        "without blocks.mine.branch[1]",
        "without blocks.mine.branch[4]",
        "without train.warmup_steps",
    ]
    assert study.cells[3].train.warmup_steps == 0
    study = study_of(text.replace("[", "{paths: [", 1) + ", pairs: true}")
    assert [cell.name for cell in study.cells][4:] == [
        "without blocks.mine.branch[1] and blocks.mine.branch[4]",
        "without blocks.mine.branch[1] and train.warmup_steps",
        "without blocks.mine.branch[4] and train.warmup_steps",
    ]
    both = blocks_of(study, "without blocks.mine.branch[1] and blocks.mine.branch[4]")["mine"]
    assert both["branch"] == [{"conv3x3": {"stride": "unit"}}, "relu", "conv3x3"]


def test_a_grid_and_variants_share_the_baseline() -> None:
    study = study_of("grid: {architecture.depth: [8, 14]}\nvariants: {fast: {set: {train.lr: 0.2}}}")
    assert [(cell.name, cell.factors) for cell in study.cells] == [
        ("depth=8", {"architecture.depth": 8, "variant": "baseline"}),
        ("depth=14", {"architecture.depth": 14, "variant": "baseline"}),
        ("fast", {"architecture.depth": 8, "variant": "fast"}),
    ]
    assert study.baseline == "depth=8"


def test_a_baseline_outside_the_grid_is_a_cell_of_its_own() -> None:
    study = study_of("grid: {architecture.depth: [14]}\nvariants: {deep: {set: {architecture.depth: 14}}}")
    assert [(cell.name, cell.factors["architecture.depth"]) for cell in study.cells] == [
        ("baseline", 8),
        ("depth=14", 14),
        ("deep", 14),
    ]
    assert len(study.trials) == 2  # the last two are one


def test_claims_compare_variants() -> None:
    study = study_of("""
variants: {fast: {set: {train.lr: 0.2}}}
claims: [{says: A, metric: test_error, compare: {variant: [fast, baseline]}, expect: lower}]
""")
    assert study.claims[0].compare == {"variant": ("fast", "baseline")}


PATTERNS = [
    ("blocks.mine.branch[1]", ["blocks.mine.branch[1]"]),
    ("blocks.*.branch[bn]", ["blocks.mine.branch[1]", "blocks.mine.branch[4]", "blocks.other.branch[1]"]),
    ("blocks.mine.branch[conv3x3]", ["blocks.mine.branch[0]", "blocks.mine.branch[3]"]),
    ("blocks.*.branch[*].*.stride", ["blocks.mine.branch[0].conv3x3.stride", "blocks.other.branch[0].conv1x1.stride"]),
    ("blocks.mine.after[*]", ["blocks.mine.after[0]"]),
    ("blocks.*.join", ["blocks.mine.join", "blocks.other.join"]),
    ("blocks.mine.branch[9]", []),
    ("blocks.mine.branch.bn", []),
    ("blocks.mine[0]", []),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_what_a_pattern_matches(pattern: str, expected: list[str]) -> None:
    root = compose(BASELINE, "x.yaml")[0].root
    assert [dotted(location) for location in parse_pattern(pattern).match(root)] == expected


def test_a_pattern_may_set_a_key_wherever_it_could_be() -> None:
    study = study_of("variants: {gated: {set: {blocks.*.after: [gelu]}}}")
    assert [block["after"] for block in blocks_of(study, "gated").values()] == [["gelu"], ["gelu"]]


FAULTS = [
    (
        "a: {set: {train.lr: 0.1}}",
        "13:23: variants.a.set.train.lr: changes nothing, it is 0.1 already; remove the edit",
    ),
    (
        "a: {set: {train.momentum: 0.9}}",
        "13:3: variants.a: changes nothing, it is the baseline with its defaults written out; remove it",
    ),
    ("a:", "13:3: variants.a: changes nothing; write set, replace or remove"),
    ("a: {}", "13:3: variants.a: changes nothing; write set, replace or remove"),
    (
        "a: {remove: ['blocks.mine.branch[9]']}",
        "13:16: variants.a.remove[0]: matches nothing in the baseline; did you mean 'blocks.mine.branch[4]'?",
    ),
    (
        "a: {replace: {train.momentum: 0.5}}",
        "13:17: variants.a.replace.train.momentum: matches nothing in the baseline; 'set' adds what is not there",
    ),
    (
        "a: {set: {blocks.mine.join: none}, remove: [blocks.mine]}",
        "13:47: variants.a.remove[0]: collides with 'set blocks.mine.join', both change blocks.mine; keep one of them",
    ),
    (
        "a: {replace: {'blocks.*.branch[bn]': gelu, 'blocks.mine.branch[*]': relu}}",
        "13:46: variants.a.replace.blocks.mine.branch[*]: collides with 'replace blocks.*.branch[bn]', both change "
        "blocks.mine.branch[1]; keep one of them",
    ),
    ("a: {set: {trian.lr: 1}}", "13:13: variants.a.set.trian.lr: no path into the baseline; did you mean 'train'?"),
    ("a: {set: {seeds: 1}}", "13:13: variants.a.set.seeds: seeds are no axis; write 'seeds:' beside 'grid:'"),
    ("a: {set: {train.lr.x: 1}}", "13:13: variants.a.set.train.lr.x: no place for 'x' in 0.1"),
    ("a: {set: {train.lrr: 1}}", "13:13: train.lrr: unknown key, got 1; did you mean 'lr'?"),
    ("a: {set: {train.lr: fast}}", "13:23: train.lr: expected a number above 0, got 'fast'"),
    ("a: {sett: {train.lr: 1}}", "13:7: variants.a.sett: unknown key, got {train.lr: 1}; did you mean 'set'?"),
    ("a: {remove: train.lr}", "13:15: variants.a.remove: expected a list, each text or nothing, got 'train.lr'"),
    ("baseline: {set: {train.lr: 1}}", "13:3: variants.baseline: two cells would be called 'baseline'; change one"),
]


@pytest.mark.parametrize(("variant", "line"), FAULTS)
def test_what_an_edit_must_not_do(variant: str, line: str) -> None:
    assert lines_of(f"variants:\n  {variant}\n") == [f"x.yaml:{line}"]


def test_a_part_left_out_must_be_there() -> None:
    assert lines_of("leave_one_out: [train.nesterov, 3, data.dataset]") == [
        "x.yaml:10:3: data.dataset: missing; write one of 'digits', 'cifar10', 'cifar100', 'svhn', 'mnist', "
        "'fashion-mnist', 'imagenet' or 'folder' (in cell 'without data.dataset')",
        "x.yaml:12:17: leave_one_out[0]: matches nothing in the baseline; did you mean 'train.lr'?",
        "x.yaml:12:33: leave_one_out[1]: expected text, got 3",
    ]


def test_a_fault_that_only_a_variant_has_names_it() -> None:
    (line,) = lines_of("variants: {short: {set: {train.epochs: 2}}}")
    assert line == (
        "x.yaml:11:34: train.warmup_steps: must be below the 22 steps of the training, got 50 (in cell 'short')"
    )
