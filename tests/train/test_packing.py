"""Trials trained at the same time have the records of trials trained alone, whatever happens to the others."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from ablate.errors import DataError
from ablate.records import Outcome, Record, Store
from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Stopping, Trial
from ablate.train import Keeping, train_pack
from ablate.train.packing import Packing
from ablate.train.packing.arrangement import Bundle, arrange
from ablate.train.packing.choice import WAYS, Chooser, find_fastest, halve, num_fitting
from ablate.train.packing.fusion import Fusion
from ablate.train.packing.rehearsal import rehearse
from ablate.train.randomness import open_streams
from ablate.train.run import Result, Run
from ablate.train.step import PLAIN
from ablate.train.step.graph import GraphedStep, Replay, Work
from ablate.train.trial import prepare_run

CreateTrial = Callable[..., Trial]
FUSED, IN_TURN = Packing(8, "fused"), Packing(8, "in turn")
AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
EXACT = {"precision": "float64"}


def train(*trials: Trial, **options: Any) -> list[Record]:
    """The records, in the order of the trials; there is nothing to note unless a test expects it."""
    options.setdefault("on_note", lambda trial, text: pytest.fail(text))
    records = {record.id: record for record in train_pack(trials, device="cpu", **options)}
    assert len(records) == len(trials)
    return [records[trial.id] for trial in trials]


def results(records: list[Record]) -> list[dict[str, Any]]:
    """Everything that does not say how long it took, or with whom."""
    kept = [record.model_dump(exclude={"cost", "environment"}) for record in records]
    for record in kept:
        for entry in (*record["history"], *record["diagnostics"].values()):
            del entry["seconds"]
    return kept


def different(create_trial: CreateTrial, **options: Any) -> list[Trial]:
    """Trials of one network whose seeds and recipes differ in everything that may."""
    own: list[dict[str, Any]] = [
        {},
        {"lr": 0.1, "momentum": 0.8, "nesterov": True},
        {"weight_decay": 1e-2, "decay": "weights", "momentum": 0.0},
        {"milestones": (1,), "gamma": 0.5, "warmup_steps": 3, "init": "torch"},
    ]
    return [create_trial(seed, **{**EXACT, **options, **recipe}) for seed, recipe in enumerate(own)]


@pytest.mark.parametrize("packing", [FUSED, IN_TURN], ids=["fused", "in turn"])
def test_members_have_their_own_seeds_and_recipes_to_the_bit(create_trial: CreateTrial, packing: Packing) -> None:
    trials = different(create_trial, data=AUGMENT, batch_size=400)
    alone, packed = train(*trials), train(*trials, packing=packing)
    assert results(packed) == results(alone)
    assert {record.environment["packed"] for record in packed} == {f"{packing.way} 4"}
    assert len({str(record.final) for record in packed}) == 4


@pytest.mark.parametrize(
    ("architecture", "recipe"),
    [
        pytest.param({"resize": "projection", "shortcut": "none"}, {}, marks=pytest.mark.slow),
        ({"depth": 11, "block": "bottleneck"}, {"accumulate": 3}),
        pytest.param({"activation": "full-preactivation"}, {"batch_size": 1437}, marks=pytest.mark.slow),
    ],
)
def test_other_networks_and_batches_to_the_bit(
    create_trial: CreateTrial, architecture: dict[str, Any], recipe: dict[str, Any]
) -> None:
    trials = [create_trial(seed, architecture=architecture, epochs=1, **EXACT, **recipe) for seed in range(3)]
    assert results(train(*trials, packing=FUSED)) == results(train(*trials))


def test_float32_up_to_rounding(create_trial: CreateTrial) -> None:
    trials = [create_trial(seed, epochs=1, lr=0.02) for seed in range(3)]
    for packed, alone in zip(train(*trials, packing=FUSED), train(*trials), strict=True):
        assert packed.final["train_loss"] == pytest.approx(alone.final["train_loss"], rel=1e-3)
        assert packed.final["test_loss"] == pytest.approx(alone.final["test_loss"], rel=2e-2)


@pytest.mark.parametrize(
    "packing",
    [pytest.param(FUSED, id="fused"), pytest.param(IN_TURN, id="in turn", marks=pytest.mark.slow)],
)
def test_a_diverging_member_leaves_the_others_as_they_are(create_trial: CreateTrial, packing: Packing) -> None:
    good = [create_trial(seed, **EXACT) for seed in (0, 1)]
    bad = create_trial(2, lr=1e9, **EXACT)
    first, broken, second = train(good[0], bad, good[1], packing=packing)
    assert results([first, second]) == results(train(*good))
    assert results([broken]) == results(train(bad))
    assert broken.outcome is Outcome.DIVERGED


def test_members_end_when_they_end(create_trial: CreateTrial) -> None:
    short, long = create_trial(0, epochs=1, **EXACT), create_trial(1, epochs=3, **EXACT)
    stopped = replace(create_trial(2, epochs=3, **EXACT), stopping=Stopping("val_error", ((2, 0.0),)))
    trials = [long, short, stopped]
    ended = [record.id for record in train_pack(trials, device="cpu", packing=FUSED)]
    assert ended == [short.id, stopped.id, long.id]
    assert results(train(*trials, packing=FUSED)) == results(train(*trials))


@pytest.mark.parametrize("packing", [FUSED, IN_TURN], ids=["fused", "in turn"])
def test_a_failing_member_leaves_the_others_as_they_are(
    create_trial: CreateTrial, packing: Packing, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = [create_trial(seed, epochs=1, **EXACT) for seed in (0, 1)], create_trial(9, epochs=1, **EXACT)

    def prepare(trial: Trial, *arguments: Any) -> Run:
        if trial.seed == 9:
            raise RuntimeError("no such luck")
        return prepare_run(trial, *arguments)

    monkeypatch.setattr("ablate.train.trial.prepare_run", prepare)
    first, broken, second = train(good[0], bad, good[1], packing=packing)
    assert broken.outcome is Outcome.FAILED
    assert results([first, second]) == results(train(*good))


def test_noise_is_drawn_from_a_stream_for_each_member(create_trial: CreateTrial) -> None:
    trials = [create_trial(seed, architecture={"shortcut": {"dropout": 0.5}}, epochs=1) for seed in range(3)]
    packed = train(*trials, packing=FUSED)
    assert results(packed) == results(train(*trials))
    assert {record.environment["packed"] for record in packed} == {"in turn 3"}  # since they cannot be fused


def test_a_data_set_that_is_missing_ends_only_its_own_trial(create_trial: CreateTrial, tmp_path: Path) -> None:
    good = create_trial(0, epochs=1)
    missing = create_trial(1, epochs=1).cell.data.model_copy(update={"dataset": "cifar10", "root": str(tmp_path)})
    bad = replace(good, cell=replace(good.cell, data=missing), seed=1)
    records = train_pack([bad, good], device="cpu", packing=IN_TURN)
    found = [next(records)]
    with pytest.raises(DataError):
        next(records)
    assert results(found) == results(train(good))


def test_diagnostics_are_those_of_the_trials_alone(create_trial: CreateTrial) -> None:
    wanted, _ = read_diagnostics([{"gradients": {"epochs": 2, "steps": 2}}, "lesions", {"responses": {"images": 50}}])
    trials = [replace(create_trial(seed, **EXACT), diagnostics=wanted) for seed in range(2)]
    packed, alone = train(*trials, packing=FUSED), train(*trials)
    assert results(packed) == results(alone)
    assert all(record.diagnostics["gradients"]["table"] for record in packed)


class Stop(Exception):
    """In the place of a kill."""


def interrupt(store: Store, trials: list[Trial], after: int, **options: Any) -> None:
    """Train until so many epochs have ended, and no further."""
    ended = []

    def on_epoch(trial: Trial, epoch: object) -> None:
        ended.append(trial.id)
        if len(ended) == after:
            raise Stop

    with pytest.raises(Stop):
        list(
            train_pack(trials, device="cpu", keeping=Keeping(store, seconds=0, share=1e9), on_epoch=on_epoch, **options)
        )


@pytest.mark.parametrize(
    "after", [pytest.param(2, marks=pytest.mark.slow), 3]
)  # both have ended an epoch, or one of them two
def test_a_pack_goes_on_from_its_checkpoints_to_the_bit(create_trial: CreateTrial, tmp_path: Path, after: int) -> None:
    trials = different(create_trial, batch_size=400, data=AUGMENT)[1:3]
    store = Store(tmp_path)
    interrupt(store, trials, after, packing=FUSED)
    resumed: list[str] = []
    keeping = Keeping(store, weights=True, seconds=0, share=1e9)
    records = train(*trials, packing=FUSED, keeping=keeping, on_resume=lambda trial, history: resumed.append(trial.id))
    assert sorted(resumed) == sorted(trial.id for trial in trials)
    assert results(records) == results(train(*trials))


def test_a_fused_checkpoint_is_not_gone_on_from_alone(create_trial: CreateTrial, tmp_path: Path) -> None:
    trials = [create_trial(seed, epochs=2) for seed in range(2)]
    store, notes = Store(tmp_path), []
    interrupt(store, trials, 2, packing=FUSED)
    records = train(*trials, keeping=Keeping(store), on_note=lambda trial, text: notes.append(text))
    assert len(notes) == 2
    assert all("packing" in note for note in notes)
    assert results(records) == results(train(*trials))


def test_weights_are_kept_for_each_member(create_trial: CreateTrial, tmp_path: Path) -> None:
    trials = [create_trial(seed, epochs=1, **EXACT) for seed in range(2)]
    stores = Store(tmp_path / "packed"), Store(tmp_path / "alone")
    train(*trials, packing=FUSED, keeping=Keeping(stores[0], weights=True))
    train(*trials, keeping=Keeping(stores[1], weights=True))
    for trial in trials:
        packed, alone = (store.weights_path(trial.id).read_bytes() for store in stores)
        assert packed == alone


def test_what_fails_together_is_trained_alone(create_trial: CreateTrial, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise torch.OutOfMemoryError("no memory for so many")

    monkeypatch.setattr("ablate.train.packing.fusion.build_fused", refuse)
    trials, notes = [create_trial(seed, epochs=1) for seed in range(2)], []
    records = train(*trials, packing=FUSED, on_note=lambda trial, text: notes.append(text))
    assert results(records) == results(train(*trials))
    assert len(notes) == 2
    assert "out of memory" in notes[0]


def test_one_that_runs_out_of_memory_beside_others_is_trained_again_by_itself(
    create_trial: CreateTrial, monkeypatch: pytest.MonkeyPatch
) -> None:
    trials, refused, notes = [create_trial(seed, epochs=1) for seed in range(3)], [], []

    def prepare(trial: Trial, *arguments: Any) -> Run:
        if trial.seed == 1 and not refused:
            refused.append(trial)
            raise torch.OutOfMemoryError("Tried to allocate 3 GiB")
        return prepare_run(trial, *arguments)

    monkeypatch.setattr("ablate.train.trial.prepare_run", prepare)
    records = train(*trials, packing=IN_TURN, on_note=lambda trial, text: notes.append(text))
    assert results(records) == results(train(*trials))
    assert [record.environment.get("packed") for record in records] == ["in turn 3", None, "in turn 3"]
    assert notes == ["ran out of memory beside others; trained again by itself"]


def repeat(run: Run, work: Work) -> tuple[Replay, Result]:
    """In the place of a CUDA graph: do nothing yet; every replay does the work again, for results at fixed places."""
    places = torch.empty(2, dtype=torch.float64), torch.empty(2, dtype=torch.int64)

    def replay() -> None:
        for place, value in zip(places, work(), strict=True):
            place.copy_(value)

    return replay, places


def test_recorded_steps_of_a_fused_network_are_its_steps(create_trial: CreateTrial) -> None:
    trials = different(create_trial, data=AUGMENT, batch_size=100)[1:3]
    device, found = torch.device("cpu"), []
    for is_recorded in (False, True):
        runs = [prepare_run(trial, open_streams(trial.seed, device), device) for trial in trials]
        fusion = Fusion(trials[0].cell.network, runs, PLAIN, pytest.fail)
        if is_recorded:
            fusion.run.take_step = GraphedStep(fusion.run.take_step, repeat, pytest.fail)  # type: ignore[arg-type]
        means = [fusion.train_epoch(lambda: None) for _ in range(2)]
        found.append((means, [list(run.module.state_dict().values()) for run in runs]))
    (means, weights), (recorded_means, recorded_weights) = found
    assert recorded_means == means
    for one, other in zip(weights, recorded_weights, strict=True):
        assert all(torch.equal(*pair) for pair in zip(one, other, strict=True))


@pytest.mark.gpu
@pytest.mark.parametrize("packing", [FUSED, IN_TURN], ids=["fused", "in turn"])
def test_on_a_gpu_members_are_what_they_are_alone(create_trial: CreateTrial, packing: Packing) -> None:
    trials = different(create_trial, data=AUGMENT, batch_size=100)
    broken = create_trial(9, lr=1e9, batch_size=100, data=AUGMENT, **EXACT)
    options = {"device": "cuda", "on_note": lambda trial, text: pytest.fail(text)}
    alone = list(train_pack(trials, **options))
    packed = {record.id: record for record in train_pack([broken, *trials], packing=packing, **options)}
    assert packed[broken.id].outcome is Outcome.DIVERGED
    for record in alone:
        for name, value in record.final.items():
            assert packed[record.id].final[name] == pytest.approx(value, rel=1e-3, abs=0.5)


@pytest.mark.gpu
def test_on_a_gpu_as_many_as_pay_are_chosen(create_trial: CreateTrial) -> None:
    trials, notes = [create_trial(seed, batch_size=100) for seed in range(5)], []
    packing = Packing("auto")
    found = list(train_pack(trials, device="cuda", packing=packing, on_note=lambda trial, text: notes.append(text)))
    assert [record.outcome for record in found] == [Outcome.FINISHED] * 5
    assert any("measured images per second" in note for note in notes)


def test_the_fastest_way_is_found_with_few_measurements() -> None:
    rates = {("fused", 16): 0.0, ("fused", 8): 50.0, ("fused", 4): 40.0, ("in turn", 16): 60.0, ("in turn", 8): 30.0}
    asked: list[tuple[str, int]] = []

    def rate(way: str, size: int) -> float:
        asked.append((way, size))
        return rates[way, size]

    assert find_fastest(rate, WAYS, halve(16)) == ("in turn", 16)
    assert asked == list(rates)  # the largest fused ones do not fit; four are slower than eight
    assert find_fastest(lambda way, size: 0.0, WAYS, [4, 2]) == ("in turn", 1)


def test_sizes_follow_from_memory() -> None:
    assert halve(16) == [16, 8, 4, 2]
    assert halve(7) == [7, 3]
    assert halve(1) == [1]
    assert [num_fitting(free, 2 * 10**9) for free in (10**9, 10**10, 10**11)] == [1, 4, 45]


def test_both_ways_are_measured_on_the_device(create_trial: CreateTrial) -> None:
    trials, notes = [create_trial(seed, batch_size=32) for seed in range(2)], []
    choose = Chooser(Packing(2), torch.device("cpu"), 1, PLAIN, lambda trial, text: notes.append(text))
    way, size = choose.measure(trials)
    assert way in WAYS
    assert size == 2
    assert re.fullmatch(r"packed .* 2; measured images per second: fused 2: [\d,]+, in turn 2: [\d,]+", notes[0])
    assert choose.measure(trials) == (way, size)
    assert len(notes) == 1  # measured once
    for some in WAYS:
        assert rehearse(trials, some, torch.device("cpu"), PLAIN, steps=2).images_per_second > 0


def test_trials_are_arranged_by_their_network(create_trial: CreateTrial) -> None:
    deep, shallow = ([create_trial(s, architecture={"depth": d}) for s in range(3)] for d in (14, 8))
    noisy = [create_trial(s, architecture={"shortcut": {"dropout": 0.5}}) for s in range(2)]
    trials = [deep[0], shallow[0], noisy[0], deep[1], shallow[1], noisy[1], deep[2], shallow[2]]
    found = arrange(trials, 2, lambda group: Bundle(group, "fused"))
    assert [(bundle.way, bundle.trials) for bundle in found] == [
        ("fused", (deep[0], deep[1])),
        ("fused", (shallow[0], shallow[1])),
        ("in turn", (noisy[0], noisy[1])),
        ("in turn", (deep[2], shallow[2])),
    ]


def test_the_random_state_of_the_process_is_left_as_it_was(create_trial: CreateTrial) -> None:
    torch.manual_seed(3)
    before = torch.get_rng_state()
    for packing in (FUSED, IN_TURN):
        records = train_pack([create_trial(seed, epochs=1 + seed) for seed in range(2)], device="cpu", packing=packing)
        next(records)
        records.close()
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.are_deterministic_algorithms_enabled()
