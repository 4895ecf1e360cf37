"""Lesions against networks specified without the unit, or with its units in another order, on the same weights."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from itertools import permutations
from random import Random
from typing import Any

import pytest
import scipy.stats
import torch
from torch import Tensor, nn

from ablate.model import build
from ablate.spec.architecture.network import Network
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train.diagnostics import Diagnosis
from ablate.train.diagnostics.lesions import Lesions, remove
from ablate.train.diagnostics.order import kendall_tau
from ablate.train.loop import train_epoch
from ablate.train.randomness import open_streams
from ablate.train.run import Run
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")


def prepare(trial: Trial) -> Run:
    run = prepare_run(trial, open_streams(trial.seed, CPU), CPU)
    train_epoch(run)
    run.module.eval().to(memory_format=torch.contiguous_format)  # bits depend on the layout, which an edit may change
    return run


def study(trial: Trial, run: Run, **options: int) -> dict[str, dict[str, list[Any]]]:
    wanted = read_diagnostics([{"lesions": options}])[0]
    return Diagnosis(replace(trial, diagnostics=wanted), run).conclude(trained=True)["lesions"]


def images_of(run: Run) -> tuple[Tensor, Tensor]:
    pixels, labels = run.splits.test.take(torch.arange(len(run.splits.test)))
    return run.splits.normalisation(pixels), labels


@torch.inference_mode()
def logits(module: nn.Module, run: Run) -> Tensor:
    return module.eval()(images_of(run)[0])


def error(output: Tensor, run: Run) -> float:
    return 100 * (output.argmax(1) != images_of(run)[1]).double().mean().item()


def without(network: Network, removed: set[int]) -> Network:
    """The specification with empty paths in place of these units' branches: only the shortcut, or nothing."""
    numbers = iter(range(1000))
    stages = []
    for stage in network.stages:
        units = []
        for unit in stage:
            kept = {"shortcut": unit.paths["shortcut"]} if "shortcut" in unit.paths else {"branch": ()}
            edited = replace(unit, paths=kept, join="none")
            units.append(edited if next(numbers) in removed else unit)
        stages.append(tuple(units))
    return replace(network, stages=tuple(stages))


def load(network: Network, run: Run) -> nn.Module:
    """That network with the weights that it has in common with the trained one."""
    module = build(network)
    known = run.module.state_dict()
    module.load_state_dict({name: known[name] for name in module.state_dict()})
    for unit in (unit for stage in module.stages for unit in stage):
        unit.register_forward_hook(lambda _unit, _inputs, output: output.contiguous())  # a bare subsample is not
    return module


ARCHITECTURES = [
    {"shortcut": "identity"},
    {"shortcut": "projection"},
    {"shortcut": "identity", "activation": "full-preactivation"},
    {"shortcut": {"scale": 0.5, "branch": 0.5}, "activation": "bn-after-addition"},
    {"shortcut": "none"},
]


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=str)
def test_a_lesion_equals_the_network_specified_without_the_branch(architecture, create_trial):
    trial = create_trial(architecture={"depth": 14, **architecture})
    run = prepare(trial)
    found = study(trial, run, images=1000)
    single = dict(zip(found["single"]["unit"], found["single"]["error"], strict=True))
    assert found["intact"]["error"][0] == pytest.approx(error(logits(run.module, run), run), rel=1e-3)
    units = [unit for stage in run.module.stages for unit in stage]
    for index, unit in enumerate(units):
        if architecture["shortcut"] == "none" and index in (2, 4):  # they change the shape
            assert single[index + 1] is None
            continue
        expected = logits(load(without(trial.cell.network, {index}), run), run)
        with ExitStack() as hooks:
            remove(unit, hooks)
            assert torch.equal(logits(run.module, run), expected)
        assert single[index + 1] == pytest.approx(error(expected, run), rel=1e-3)


def test_a_gate_stays_when_its_branch_goes(create_trial):
    trial = create_trial(architecture={"shortcut": {"gate": "exclusive", "bias": -1}})
    run = prepare(trial)
    (unit,) = run.module.stages[1]
    with torch.inference_mode():
        x = run.module.stages[0](run.module.stem(images_of(run)[0]))
        kept = torch.relu((1 - unit.gate(x)) * unit.shortcut(x))
        expected = run.module.head(run.module.stages[2](kept))
    with ExitStack() as hooks:
        remove(unit, hooks)
        assert torch.equal(logits(run.module, run), expected)


def test_several_units_at_once(create_trial):
    trial = create_trial(architecture={"depth": 20, "shortcut": "identity"})
    run = prepare(trial)
    found = study(trial, run, images=1000, draws=2)["removed"]
    assert found["k"] == [2, 2, 4, 4, 8, 8, 9]  # all nine can go in one way only
    assert found["draw"] == [0, 1, 0, 1, 0, 1, 0]
    everything = logits(load(without(trial.cell.network, set(range(9))), run), run)
    assert found["error"][-1] == pytest.approx(error(everything, run), rel=1e-3)
    split = run.splits.test
    lesions = Lesions(trial.cell.network, run.module, lambda: error(logits(run.module, run), run), Random(0))
    assert len(split) == 360
    assert lesions.measure_without([1, 5]) == error(logits(load(without(trial.cell.network, {1, 5}), run), run), run)


def test_exchanged_units_equal_exchanged_weights(create_trial):
    trial = create_trial(architecture={"depth": 20, "shortcut": "identity"})
    run = prepare(trial)
    before = run.module.state_dict()
    lesions = Lesions(trial.cell.network, run.module, lambda: error(logits(run.module, run), run), Random(0))
    assert lesions.list_exchangeable() == [(0, 1), (0, 2), (1, 2), (4, 5), (7, 8)]
    order = [2, 1, 0, 3, 5, 4, 6, 7, 8]
    renamed = {f"stages.{i // 3}.{i % 3}.": f"stages.{k // 3}.{k % 3}." for i, k in enumerate(order)}
    other = build(trial.cell.network)
    other.load_state_dict({name: before[renamed.get(name[:11], name[:11]) + name[11:]] for name in before})
    assert lesions.measure_reordered(order) == error(logits(other, run), run)
    assert lesions.measure_reordered(range(9)) == error(logits(run.module, run), run)
    assert list(before) == list(run.module.state_dict())


def test_first_and_last_units_with_other_operations_are_not_exchanged(create_trial):
    trial = create_trial(architecture={"depth": 20, "shortcut": "identity", "activation": "full-preactivation"})
    run = prepare(trial)
    lesions = Lesions(trial.cell.network, run.module, lambda: 0.0, Random(0))
    assert lesions.list_exchangeable() == [(1, 2), (4, 5)]


def test_the_network_is_whole_again_afterwards(create_trial):
    trial = create_trial(architecture={"depth": 20, "shortcut": "identity"})
    run = prepare(trial)
    before = logits(run.module, run)
    found = study(trial, run, images=100)
    assert torch.equal(logits(run.module, run), before)
    assert found["reordered"]["k"] == [1] * 3 + [2] * 3 + [4] * 3  # of five pairs
    assert all(-1 <= tau < 1 for tau in found["reordered"]["tau"])


def test_random_choices_depend_on_the_seed_alone(create_trial):
    first, again, other = (
        study(trial, prepare(trial), images=360)["removed"]["error"]
        for trial in (create_trial(seed, architecture={"depth": 20, "shortcut": "identity"}) for seed in (0, 0, 1))
    )
    assert first == again != other


def test_kendalls_tau():
    for order in permutations(range(5)):
        assert kendall_tau(order) == pytest.approx(scipy.stats.kendalltau(range(5), order).statistic)
    assert kendall_tau([0]) == 1
