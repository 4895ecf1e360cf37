"""What a person reads: on a terminal and elsewhere."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from ablate.records import Cost, Epoch, Outcome, Record
from ablate.schedule.cost import estimate_seconds
from ablate.schedule.events import EpochEnded, PackRestarted, TrialEnded
from ablate.schedule.ledger import Ledger
from ablate.schedule.progress import Watch, duration
from ablate.spec import Study, Trial


def record(trial: Trial, outcome: Outcome = Outcome.FINISHED, error: str | None = None) -> Record:
    return Record(
        id=trial.id,
        seed=trial.seed,
        outcome=outcome,
        spec={},
        history=(),
        final={"train_error": 79.24, "test_error": 81.0} if error is None else {},
        selected=None,
        cost=Cost(seconds=8.31, images_per_second=1, peak_memory=1, parameters=1, multiply_adds=1),
        environment={},
        error=error,
    )


def tell(watch: Watch, trials: tuple[Trial, ...]) -> None:
    """Two trials end, one of them badly, and a third loses its process."""
    ledger = Ledger(trials, {})
    with watch:
        watch.begin(ledger, estimate_seconds(trials))
        watch.show(EpochEnded(trials[0].id, Epoch(epoch=1, lr=0.1, seconds=1, train_loss=1, train_error=1)))
        for ended in (
            record(trials[0]),
            record(trials[1], Outcome.DIVERGED, "the loss was NaN in [epoch 1]"),
        ):
            ledger.enter(ended)
            watch.show(TrialEnded(ended))
        watch.show(PackRestarted((trials[1].id, trials[2].id)))
    watch.note(ledger.summarise())


def test_plain_lines(create_study: Callable[..., Study]) -> None:
    trials = create_study("train.epochs=4").trials
    console = Console(file=io.StringIO(), width=40, highlight=False, soft_wrap=True)
    tell(Watch(console), trials)
    lines = [line.split("  (")[0] for line in console.file.getvalue().splitlines()]  # type: ignore[attr-defined]
    assert lines == [
        "4 trials: 0 recorded, 4 to train",
        f"✓ {trials[0].name}  train 79.2%  test 81.0%  8.3 s",
        f"✗ {trials[1].name}  diverged: the loss was NaN in [epoch 1]",
        f"! {trials[2].name}  its process died; starting again",
        "4 requested = 1 finished + 1 diverged + 0 failed + 0 stopped + 2 not run",
    ]
    assert "(1/4 trials, 4/16 epochs, " in console.file.getvalue()  # type: ignore[attr-defined]


def test_a_terminal_has_a_bar_and_colours(create_study: Callable[..., Study]) -> None:
    trials = create_study().trials
    console = Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False, soft_wrap=True)
    tell(Watch(console), trials)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2/4 trials, 2/4 epochs" in text
    assert "\x1b[1;33m✗\x1b[0m" in text  # bold yellow
    assert "(1/4 trials" not in text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text
