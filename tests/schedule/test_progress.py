"""What a person reads: on terminals of several sizes and elsewhere."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable

import pytest
from rich.console import Console

from ablate.hardware import find_hardware
from ablate.records import Cost, Epoch, Outcome, Record
from ablate.schedule.events import EpochEnded, Event, PackRestarted, PackStarted, TrialEnded, TrialResumed
from ablate.schedule.ledger import Ledger
from ablate.schedule.measures import measure_trials, seconds_of
from ablate.schedule.progress import Watch
from ablate.schedule.progress.board import Board
from ablate.schedule.progress.table import create_view
from ablate.schedule.progress.wording import duration, shorten
from ablate.spec import Study, Trial

TRAIN_IMAGES = 1293  # 1,797 digits, less 360 to test with and 144 to validate with


def estimate_seconds(trials: Iterable[Trial]) -> dict[str, float]:
    """Of trials of which nothing has been measured."""
    trials = list(trials)
    return seconds_of(trials, measure_trials(trials, {}, find_hardware()))


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


def epoch(number: int, error: float = 50.0, seconds: float = 2.0) -> Epoch:
    return Epoch(
        epoch=number,
        lr=0.1,
        seconds=seconds,
        train_loss=1,
        train_error=error,
        val_error=error + 1,
        test_error=error + 2,
    )


def plain_console() -> Console:
    return Console(file=io.StringIO(), width=40, highlight=False, soft_wrap=True)


def text_of(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


def tell(watch: Watch, trials: tuple[Trial, ...]) -> None:
    """Two trials end, one of them badly, and a third loses its process."""
    ledger = Ledger(trials, {})
    with watch:
        watch.begin(ledger, estimate_seconds(trials))
        watch.show(PackStarted((trials[0].id,)))
        watch.show(EpochEnded(trials[0].id, epoch(1)))
        for ended in (
            record(trials[0]),
            record(trials[1], Outcome.DIVERGED, "the loss was NaN in [epoch 1]"),
        ):
            ledger.enter(ended)
            watch.show(TrialEnded(ended))
        watch.show(PackRestarted((trials[1].id, trials[2].id)))
        watch.show(TrialResumed(trials[2].id, (epoch(1), epoch(2))))
    watch.note(ledger.summarise())


def draw(board: Board, width: int, height: int) -> list[str]:
    """The lines of the view, as wide as the terminal; a line that is too wide would be one more."""
    console = Console(file=io.StringIO(), width=width, height=height, force_terminal=True, color_system=None)
    console.print(create_view(board, console.size))
    return text_of(console).splitlines()


def play(trials: tuple[Trial, ...], *events: Event) -> Board:
    """A board that has seen the events; those of ended trials are in its ledger."""
    ledger = Ledger(trials, {})
    board = Board(ledger, estimate_seconds(trials))
    for event in events:
        if isinstance(event, TrialEnded):
            ledger.enter(event.record)
        board.enter(event)
    return board


def test_plain_lines(create_study: Callable[..., Study]) -> None:
    trials = create_study("train.epochs=4").trials
    console = plain_console()
    tell(Watch(console), trials)
    lines = [line.split("  (")[0] for line in text_of(console).splitlines()]
    assert lines == [
        "4 trials: 0 recorded, 4 to train",
        f"✓ {trials[0].name}  train 79.2%  test 81.0%  8.3 s",
        f"✗ {trials[1].name}  diverged: the loss was NaN in [epoch 1]",
        f"! {trials[2].name}  its process died; starting again",
        f"· {trials[2].name}  goes on in epoch 3, from its checkpoint",
        "4 requested = 1 finished + 1 diverged + 0 failed + 0 stopped + 2 not run",
    ]
    assert "(1/4 trials, 4/16 epochs, " in text_of(console)


def test_a_long_training_says_that_it_lives_once_a_minute(create_study: Callable[..., Study]) -> None:
    trials = create_study("train.epochs=164").trials
    console, now = plain_console(), [0.0]
    watch = Watch(console, clock=lambda: now[0])
    watch.begin(Ledger(trials, {}), estimate_seconds(trials))
    watch.show(PackStarted((trials[0].id,)))
    watch.show(PackStarted(tuple(trial.id for trial in trials[1:3])))
    for number in range(1, 42):
        for trial in trials[:3]:
            watch.show(EpochEnded(trial.id, epoch(number, error=50.0 - number, seconds=10.0)))
        now[0] += 10.0
    lines = text_of(console).splitlines()[1:]
    assert len(lines) == 400 // 60
    pattern = (
        r"… 3 training: (.+) epoch (\d+)/164 test \d+\.\d%, .+, and 1 more  \(0/4 trials, \d+/656 epochs, .+ left\)"
    )
    found = [re.fullmatch(pattern, line) for line in lines]
    assert [int(match[2]) for match in found if match] == [7, 13, 19, 25, 31, 37]
    assert all(match[1] == trials[0].name for match in found if match)


def test_a_terminal_has_colours_and_lines_in_order(create_study: Callable[..., Study]) -> None:
    trials = create_study().trials
    console = Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False, soft_wrap=True)
    tell(Watch(console), trials)
    text = text_of(console)
    assert "\x1b[1;33m✗\x1b[0m" in text  # bold yellow
    assert "(1/4 trials" not in text
    assert (
        text.index("0 recorded") < text.index("✓") < text.index("✗") < text.index("goes on") < text.index("requested")
    )


def test_a_row_of_the_table(create_study: Callable[..., Study]) -> None:
    """Of a cell with one ended trial and two under way, all figures by hand."""
    trials = create_study("train.epochs=8", "seeds=4").trials
    one, two, three = (trial for trial in trials[:6] if trial.cell is trials[0].cell)
    board = play(
        trials,
        PackStarted((one.id,)),
        TrialEnded(record(one)),
        PackStarted((two.id,)),
        PackStarted((three.id,)),
        EpochEnded(two.id, epoch(2, error=40.0, seconds=2.0)),
        EpochEnded(three.id, epoch(6, error=10.0, seconds=4.0)),
    )
    head, row = draw(board, 120, 30)[1:3]
    assert head.split() == [
        "cell",
        "trials",
        "epoch",
        *["train", "%", "val", "%", "test", "%", "mean", "%"],
        "images/s",
        "left",
    ]
    assert row.startswith(one.cell.name)
    rate = TRAIN_IMAGES / 2 + TRAIN_IMAGES / 4
    assert re.sub("[━╸╺]", "", row.removeprefix(one.cell.name)).split() == [
        *["1/4", "2–6/8", "25.00", "26.00", "27.00", "81.00", f"{rate:,.0f}", "12", "s"]
    ]
    assert row.count("━") == 5  # of 10: 8, 2 and 6 of 4 times 8 epochs
    sums = draw(board, 120, 30)[-1]
    assert f"1/8 trials, 16/64 epochs, 2 packs running, {rate:,.0f} images/s" in sums


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (60, 10), (200, 60), (30, 7), (20, 3)])
def test_the_table_fits_any_terminal(create_study: Callable[..., Study], width: int, height: int) -> None:
    trials = create_study(f"grid={{train.lr: {[i / 100 for i in range(1, 71)]}}}").trials
    ended = [TrialEnded(record(trial, Outcome.FAILED, "RuntimeError: " + "no " * 100)) for trial in trials[:5]]
    under_way = [EpochEnded(trial.id, epoch(1)) for trial in trials[50:53]]
    board = play(trials, PackStarted(tuple(trial.id for trial in trials[50:53])), *under_way, *ended)
    lines = draw(board, width, height)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert any("/140 trials" in line for line in lines) or width < 60, lines
    if height >= 24:
        assert all(any(line.startswith(trial.cell.name) for line in lines) for trial in trials[50:53])
        assert sum(line.startswith("✗") for line in lines) == 3
        assert any(re.match(r"and \d+ more", line) for line in lines)


def test_what_died_is_no_longer_under_way(create_study: Callable[..., Study]) -> None:
    trials = create_study("train.epochs=8").trials
    board = play(trials, PackStarted((trials[0].id, trials[1].id)), EpochEnded(trials[0].id, epoch(4)))
    assert board.num_packs == 1
    board.enter(PackRestarted((trials[0].id, trials[1].id)))
    assert board.num_packs == 0
    assert not list(board.trials_under_way())
    board.enter(PackStarted((trials[0].id,)))
    board.enter(TrialResumed(trials[0].id, (epoch(1), epoch(2))))
    assert [(name, shown.epoch) for name, shown, _ in board.trials_under_way() if shown] == [(trials[0].name, 2)]
    assert board.forecast.num_epochs == (2, 32)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "0 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (9000, "2.5 h")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_long_names_keep_both_ends() -> None:
    assert shorten("activation=original depth=110", 40) == "activation=original depth=110"
    assert shorten("activation=original depth=110", 17) == "activati…epth=110"
