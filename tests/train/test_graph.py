"""Recorded steps on a CPU, where doing the recorded work again stands for the replay of a CUDA graph: the same bits.

On a GPU, the graph itself.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ablate.spec.study.diagnostics import read_diagnostics
from ablate.spec.study.study import Trial
from ablate.train.checkpoint.state import capture
from ablate.train.diagnostics import Diagnosis
from ablate.train.loop import evaluate, train_epoch
from ablate.train.progress import Progress
from ablate.train.randomness import open_streams
from ablate.train.run import Result, Run
from ablate.train.step.graph import WARM_UPS, GraphedStep, Replay, Work, record_on_cuda
from ablate.train.trial import prepare_run

CPU = torch.device("cpu")
AUGMENT = {"augment": {"pad": 1, "flip": True, "cutout": 2}}
RANDOM = {"architecture": {"shortcut": {"dropout": 0.5}}, "data": AUGMENT}
TRIALS = {
    "plain": {},
    "random": RANDOM,
    "two groups, milestones": {"decay": "weights", "milestones": (1,), "warmup_steps": 4},
    "no momentum, float64": {"momentum": 0.0, "precision": "float64"},
    "bfloat16": {"precision": "bfloat16"},
}


def prepare(trial: Trial, device: torch.device = CPU) -> Run:
    torch.manual_seed(trial.seed)
    return prepare_run(trial, open_streams(trial.seed, device), device)


def repeat(run: Run, work: Work) -> tuple[Replay, Result]:
    """Do nothing yet; every replay does the work again, and leaves its result at the same places."""
    dtype = next(run.module.parameters()).dtype
    places = torch.empty((), dtype=dtype), torch.empty((), dtype=torch.int64)

    def replay() -> None:
        for place, value in zip(places, work(), strict=True):
            place.copy_(value)

    return replay, places


def refuse(run: Run, work: Work) -> tuple[Replay, Result]:
    raise RuntimeError("operation not permitted when stream is capturing")


def state(run: Run) -> dict[str, torch.Tensor]:
    return capture(run, Progress())[1]


def is_same(run: Run, other: Run) -> bool:
    ours, theirs = state(run), state(other)
    return ours.keys() == theirs.keys() and all(tensor.equal(theirs[name]) for name, tensor in ours.items())


@pytest.mark.parametrize("options", TRIALS.values(), ids=TRIALS)
def test_replayed_steps_are_the_steps(options, create_trial):
    trial = create_trial(3, **options)
    plain = prepare(trial)
    expected = [train_epoch(plain) for _ in range(2)]
    recorded = prepare(trial)
    notes: list[str] = []
    recorded.take_step = GraphedStep(recorded.take_step, repeat, notes.append)
    assert [train_epoch(recorded) for _ in range(2)] == expected
    assert evaluate(recorded, recorded.splits.test) == evaluate(plain, plain.splits.test)
    assert is_same(plain, recorded)
    assert not notes


def test_what_is_recorded_reads_only_fixed_places(create_trial):
    """The feed that was recorded may be gone, and full batches alone are replayed."""
    run = prepare(create_trial(3, **RANDOM))
    replays = []

    def count(run: Run, work: Work) -> tuple[Replay, Result]:
        replay, result = repeat(run, work)
        return lambda: (replays.append(run.step), replay())[1], result

    run.take_step = GraphedStep(run.take_step, count, pytest.fail)
    train_epoch(run)  # ten full batches and a smaller one
    assert replays == list(range(WARM_UPS, 10))


def test_what_cannot_be_recorded_is_trained_plainly(create_trial):
    trial = create_trial(3, **RANDOM)
    plain, recorded = prepare(trial), prepare(trial)
    notes: list[str] = []
    recorded.take_step = GraphedStep(recorded.take_step, refuse, notes.append)
    torch.manual_seed(0)
    expected = train_epoch(plain)
    torch.manual_seed(0)
    assert train_epoch(recorded) == expected
    assert len(notes) == 1
    assert "not permitted when stream is capturing" in notes[0]


def test_watched_steps_do_not_change_the_training(create_trial):
    trial = create_trial(3, **RANDOM)
    plain, recorded = prepare(trial), prepare(trial)
    watched = replace(trial, diagnostics=read_diagnostics([{"gradients": {"epochs": 2, "steps": 4}}])[0])
    seen = [Diagnosis(watched, run) for run in (plain, recorded)]
    recorded.take_step = GraphedStep(recorded.take_step, repeat, pytest.fail)
    for run in (plain, recorded):
        torch.manual_seed(0)
        train_epoch(run)
        train_epoch(run)
    tables = [diagnosis.conclude(trained=False)["gradients"]["table"] for diagnosis in seen]
    assert tables[0] == tables[1]
    plain.gradients, recorded.gradients = {}, {}
    assert is_same(plain, recorded)


@pytest.mark.gpu
@pytest.mark.parametrize("options", TRIALS.values(), ids=TRIALS)
def test_cuda_graphs(options, create_trial):
    device = torch.device("cuda")
    trial = create_trial(3, **options)
    runs = [prepare(trial, device), prepare(trial, device)]
    runs[1].take_step = GraphedStep(runs[1].take_step, record_on_cuda, pytest.fail)
    means = []
    for run in runs:
        torch.cuda.manual_seed(0)
        means.append([train_epoch(run) for _ in range(2)])
    for plain, recorded in zip(*means, strict=True):
        assert recorded.loss == pytest.approx(plain.loss, rel=1e-3)
        assert recorded.error == pytest.approx(plain.error, abs=1.0)
    assert state(runs[0])["stream.augmentation"].equal(state(runs[1])["stream.augmentation"])


@pytest.mark.gpu
def test_a_recording_that_was_broken_off_leaves_the_random_streams_usable(create_trial):
    device = torch.device("cuda")
    trial = create_trial(3, **RANDOM)
    run, twin = prepare(trial, device), prepare(trial, device)

    def work() -> Result:
        loss, errors = run.take_step.take(*feed)  # type: ignore[attr-defined]
        loss.item()  # waits for the device, which a recording must not
        return loss, errors

    (feed,) = run.splits.train.feed([torch.arange(128, device=device)])
    run.take_step(*feed)
    before = run.streams.augmentation.get_state()
    with pytest.raises(RuntimeError):
        record_on_cuda(run, work)
    assert run.streams.augmentation.get_state().equal(before)
    run.take_step(*feed)
    for _ in range(2):
        twin.take_step(*feed)
    assert run.streams.augmentation.get_state().equal(twin.streams.augmentation.get_state())
