"""The live table: a row per cell, sums below, the last failures; it fits the terminal it is drawn on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import ConsoleDimensions, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ablate.records import Outcome
from ablate.schedule.progress.board import Board
from ablate.schedule.progress.cell import CellProgress
from ablate.schedule.progress.wording import duration, shorten
from ablate.spec.source.wording import plural

LINES_ABOVE = 0.4  # of the screen, left to the trials that have ended
GAP = 2  # between two columns
NAME = 12, 30  # characters that the name of a cell has at least, and is not shortened to for another column
BAR = 10  # characters


@dataclass(frozen=True)
class Column:
    """Its head, its width, and its rank: where there is no room for all, the highest go."""

    head: str
    width: int
    rank: int


COLUMNS = (
    Column("trials", 7, 0),
    Column("", BAR, 5),
    Column("epoch", 9, 1),
    Column("train %", 7, 6),
    Column("val %", 6, 8),
    Column("test %", 6, 2),
    Column("mean %", 6, 4),
    Column("images/s", 8, 7),
    Column("left", 6, 3),
)


def create_view(board: Board, size: ConsoleDimensions) -> RenderableType:
    """What is drawn below the lines of the ended trials."""
    footer = [_sums(board), *_failures(board, size.height // 8)]
    number = int(size.height * (1 - LINES_ABOVE)) - len(footer) - 3  # an empty line, the head, the other cells
    return Group(Text(), _table(board, number, size.width), *footer) if number > 0 else _sums(board)


def _table(board: Board, number: int, width: int) -> Table:
    shown, others = board.select(number)
    longest = max(NAME[0], *(len(cell.name) for cell in shown))
    columns = _choose_columns(width - min(longest, NAME[1]))
    room = max(NAME[0], width - _width(columns))
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("cell", no_wrap=True, width=min(room, longest))
    for column in columns:
        table.add_column(column.head, justify="right", no_wrap=True, width=column.width)
    for cell in shown:
        texts = dict(zip(COLUMNS, _row(board, cell), strict=True))
        table.add_row(shorten(cell.name, room), *(texts[column] for column in columns))
    if others:
        table.add_row(Text(f"and {len(others)} more", "dim"), Text(_count(others), "dim"))
    return table


def _choose_columns(room: int) -> list[Column]:
    ranked = sorted(COLUMNS, key=lambda column: column.rank)
    chosen = [column for i, column in enumerate(ranked) if _width(ranked[: i + 1]) <= room]
    return [column for column in COLUMNS if column in chosen]


def _width(columns: Sequence[Column]) -> int:
    return sum(GAP + column.width for column in columns)


def _row(board: Board, cell: CellProgress) -> list[RenderableType]:
    left = cell.seconds_left
    return [
        _count([cell]),
        ProgressBar(total=1.0, completed=cell.fraction),
        _epochs(cell),
        _percent(cell.mean(lambda epoch: epoch.train_error)),
        _percent(cell.mean(lambda epoch: epoch.val_error)),
        _percent(cell.mean(lambda epoch: epoch.test_error)),
        _percent(board.mean_error(cell)),
        f"{cell.images_per_second:,.0f}" if cell.latest else "",
        duration(left) if left is not None else "",
    ]


def _count(cells: Sequence[CellProgress]) -> str:
    return f"{sum(len(cell.ended) for cell in cells)}/{sum(len(cell.trial_ids) for cell in cells)}"


def _epochs(cell: CellProgress) -> str:
    """`41/164`, of several trials `12–41/164`."""
    if not cell.under_way:
        return ""
    done = [epoch.epoch if epoch else 0 for epoch in cell.under_way.values()]
    span = f"{min(done)}" if min(done) == max(done) else f"{min(done)}–{max(done)}"
    return f"{span}/{cell.epochs}"


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _sums(board: Board) -> RenderableType:
    total = board.forecast.seconds_total
    line = Table.grid(padding=(0, 1, 0, 0))
    line.add_column(width=BAR)
    line.add_column(no_wrap=True, overflow="ellipsis")
    line.add_row(ProgressBar(total=total or 1, completed=board.forecast.seconds_done), Text(", ".join(_parts(board))))
    return line


def _parts(board: Board) -> Iterable[str]:
    ledger = board.ledger
    yield f"{len(ledger.outcomes)}/{plural(len(ledger.wanted), 'trial')}"
    for outcome in (Outcome.DIVERGED, Outcome.FAILED):
        if number := ledger.count(outcome):
            yield f"{number} {outcome}"
    yield "{}/{} epochs".format(*board.forecast.num_epochs)
    if not board.has_begun:
        yield "starting"
    if board.num_packs:
        yield f"{board.num_packs} packs running" if board.num_packs > 1 else "1 pack running"
    if board.images_per_second:
        yield f"{board.images_per_second:,.0f} images/s"
    if (left := board.forecast.seconds_left) and left >= 1:
        yield f"{duration(left)} left"


def _failures(board: Board, number: int) -> list[Text]:
    return [
        Text(f"✗ {name}  {reason}".splitlines()[0], "red", no_wrap=True, overflow="ellipsis")
        for name, reason in list(board.failures)[-number:]
    ]
