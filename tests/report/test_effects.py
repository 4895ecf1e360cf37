"""Effects against the baseline, main effects and interactions on planted, exactly known errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from conftest import make_record
from scipy import stats
from statsmodels.stats.multitest import multipletests

from ablate.records import Outcome, Record
from ablate.report import load_frame
from ablate.report.effect_table import tabulate_effects
from ablate.report.effects import measure_effects
from ablate.report.figures.depth import measure_depth_errors
from ablate.report.figures.heatmap import measure_grid
from ablate.report.figures.sizes import measure_sizes
from ablate.spec import Study

GRID = """
question: How do rate and momentum go together?
baseline:
  architecture: {family: cifar, depth: 8, block: basic, shortcut: identity}
  data: {dataset: digits}
  train: {lr: 0.1, momentum: 0.9}
grid: {train.lr: [0.1, 0.01], train.momentum: [0.9, 0.5, 0.0]}
seeds: 4
"""
ERRORS = {(0.1, 0.9): 10.0, (0.1, 0.5): 12, (0.1, 0.0): 15, (0.01, 0.9): 20, (0.01, 0.5): 23, (0.01, 0.0): 31}
NOISE = np.random.default_rng(0).normal(0, 0.5, (2, 3, 4)).round(3)


def errors_of(study: Study) -> np.ndarray:
    """Test errors by rate, momentum and seed."""
    means = np.array(list(ERRORS.values())).reshape(2, 3, 1)
    return means + NOISE


@pytest.fixture
def grid(read: Callable[[str], Study]) -> tuple[Study, dict[str, Record]]:
    study = read(GRID)
    table = errors_of(study)
    records = {}
    for trial in study.trials:
        rate = [0.1, 0.01].index(trial.cell.factors["train.lr"])  # type: ignore[arg-type]
        momentum = [0.9, 0.5, 0.0].index(trial.cell.factors["train.momentum"])  # type: ignore[arg-type]
        error = float(table[rate, momentum, trial.seed])
        record = make_record(trial, error)
        records[trial.id] = record.model_copy(update={"final": record.final | {"test_error": error}})
    return study, records


def test_the_effects_of_a_factorial_design(grid: tuple[Study, dict[str, Record]]) -> None:
    study, records = grid
    table = errors_of(study)
    found = measure_effects(study, load_frame(study, records))
    effects = {(effect.kind, effect.name): effect.comparisons["test_error"] for effect in found}
    expected = {
        ("against baseline", "lr=0.01 momentum=0.0"): table[1, 2] - table[0, 0],
        ("main effect", "lr 0.01 against 0.1"): (table[1] - table[0]).mean(axis=0),
        ("main effect", "momentum 0.0 against 0.9"): (table[:, 2] - table[:, 0]).mean(axis=0),
        ("interaction", "lr 0.01 against 0.1, at momentum 0.0 minus at momentum 0.9"): (
            (table[1, 2] - table[0, 2]) - (table[1, 0] - table[0, 0])
        ),
    }
    for key, differences in expected.items():
        assert effects[key].differences == pytest.approx(differences)
        assert effects[key].p == pytest.approx(stats.ttest_1samp(differences, 0).pvalue)
    assert [kind for kind, _ in effects] == ["against baseline"] * 5 + ["main effect"] * 3 + ["interaction"]


def test_the_table_of_effects_is_corrected_by_holm(grid: tuple[Study, dict[str, Record]]) -> None:
    study, records = grid
    numbers = tabulate_effects(measure_effects(study, load_frame(study, records))).numbers
    expected = multipletests(numbers["test_error_p"], method="holm")[1]
    assert numbers["test_error_p_holm"].tolist() == pytest.approx(expected.tolist())


def test_a_diverged_trial_counts_at_chance_level_and_a_missing_seed_is_dropped(
    grid: tuple[Study, dict[str, Record]],
) -> None:
    study, records = grid
    cell = next(trial for trial in study.trials if trial.cell.name == "lr=0.01 momentum=0.9")
    records[cell.id] = make_record(cell, 20, outcome=Outcome.DIVERGED)
    missing = next(t for t in study.trials if t.cell.name == "lr=0.01 momentum=0.9" and t.seed == 3)
    del records[missing.id]
    effects = {effect.name: effect for effect in measure_effects(study, load_frame(study, records))}
    differences = effects["lr=0.01 momentum=0.9"].comparisons["test_error"].differences
    assert len(differences) == 3
    assert differences[0] == pytest.approx(90 - errors_of(study)[0, 0, 0])


def test_no_effects_of_one_seed_or_one_cell(read: Callable[[str], Study]) -> None:
    study = read(GRID.replace("seeds: 4", "seeds: 1"))
    records = {trial.id: make_record(trial, 5) for trial in study.trials}
    assert measure_effects(study, load_frame(study, records)) == []


def test_the_numbers_of_the_heat_map(grid: tuple[Study, dict[str, Record]]) -> None:
    study, records = grid
    numbers = measure_grid(study, load_frame(study, records))
    assert numbers is not None
    assert (numbers.axes, numbers.rows) == (("lr", "momentum"), ("0.1", "0.01"))
    assert np.array(numbers.means) == pytest.approx(errors_of(study).mean(axis=2))
    assert measure_sizes(study, load_frame(study, records)) == []  # all cells are equally large


def test_the_numbers_of_the_depth_and_size_figures(study: Study, records: dict[str, Record]) -> None:
    frame = load_frame(study, records)
    numbers = measure_depth_errors(study, frame)
    assert numbers is not None
    plain, residual = numbers.lines["test_error"]
    assert (plain.label, residual.label) == ("shortcut none", "shortcut identity")
    assert plain.depths == (8, 20, 56)
    means = frame.groupby("cell", sort=False)["test_error"].mean()
    assert plain.means == pytest.approx([means[f"shortcut=none depth={depth}"] for depth in (8, 20, 56)])
    assert len(plain.seeds) == 9
    points = measure_sizes(study, frame)
    assert [point.mean for point in points] == pytest.approx(means.tolist())
    assert [point.costs["parameters"] for point in points] == frame.drop_duplicates("cell")["parameters"].tolist()
    assert measure_sizes(study, frame, ["seconds"]) == []  # every trial took as long
    frame["seconds"] = frame["parameters"] + frame["seed"]
    seconds = frame.groupby("cell", sort=False)["seconds"].mean()
    assert [p.costs["seconds"] for p in measure_sizes(study, frame, ["seconds"])] == pytest.approx(seconds.tolist())
    assert measure_grid(study, frame) is None
