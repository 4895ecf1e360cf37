"""A study at a moment, as `status` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import click

from ablate.cli.progress import describe, under_way
from ablate.cli.search import echo_search, search_rows
from ablate.cli.standing import PENDING, cell_rows, trial_rows
from ablate.cli.table import echo_table, percent
from ablate.errors import UsageError
from ablate.records import Store
from ablate.schedule.estimate import Estimate, estimate, hours
from ablate.schedule.measures import Source
from ablate.schedule.options import Options
from ablate.schedule.work import Work, read_work
from ablate.spec import Study
from ablate.spec.source.wording import plural

BAD = ("diverged", "failed")


@dataclass(frozen=True)
class Snapshot:
    """Records, and what is being trained, by trial id as `under_way` finds it."""

    work: Work
    training: Mapping[str, dict[str, Any]]

    @classmethod
    def take(cls, study: Study, store: Store) -> Snapshot:
        """Read the store."""
        work = read_work(study, store, Options())
        return cls(work, under_way(work.to_do, store))

    @cached_property
    def _expected(self) -> Estimate | None:
        try:
            return estimate(self.work, Options())
        except UsageError:  # trials do not fit this machine
            return None

    @property
    def seconds_left(self) -> float | None:
        """Device-seconds to do, less what is in checkpoints; None where that is not known on this machine."""
        if self._expected is None:
            return None
        measures = {trial.id: self._expected.measures[trial.cell.identity] for trial in self.work.to_do}
        done = (measures[id_].seconds(found["epoch"] or 0) for id_, found in self.training.items())
        return max(0.0, self._expected.device_seconds - sum(done))

    @property
    def is_measured(self) -> bool:
        """Whether that rests on trainings or probes; else on multiply-adds alone."""
        return self._expected is not None and Source.ESTIMATE not in self._expected.sources

    @property
    def _names(self) -> dict[str, str]:
        return {trial.id: trial.name for trial in self.work.to_do}

    def describe(self) -> dict[str, Any]:
        """Everything, ready for JSON; errors in percent."""
        rows = trial_rows(self.work.study, self.work.records)
        for row in rows:
            record = self.work.records.get(row["id"])
            row["error"] = record.error if record else None
        return {
            "study": self.work.study.name,
            "to_do": len(self.work.to_do),
            "device_seconds_left": self.seconds_left,
            "is_measured": self.is_measured,
            "cells": cell_rows(self.work.study, self.work.records),
            "trials": rows,
            "training": [{"id": id_, "name": self._names[id_], **found} for id_, found in self.training.items()],
            "search": search_rows(self.work.searches),
        }

    def echo(self) -> None:
        """Print it: the cells, the search, what is being trained, the sums, what went wrong."""
        rows = trial_rows(self.work.study, self.work.records)
        _echo_cells(cell_rows(self.work.study, self.work.records), self._count_training())
        echo_search(self.work.searches)
        click.echo(f"\n{self._summarise([row['state'] for row in rows])}")
        for trial_id, found in self.training.items():
            click.echo(f"training: {self._names[trial_id]} ({trial_id}): {describe(found)}")
        for row in rows:
            if row["state"] in BAD:
                click.echo(f"{row['state']}: {row['name']} ({row['id']}): {self.work.records[row['id']].error}")

    def _count_training(self) -> Counter[str]:
        return Counter(trial.cell.name for trial in self.work.study.trials if trial.id in self.training)

    def _summarise(self, states: list[str]) -> str:
        """`24 trials: 12 done, 2 of them diverged; 2 being trained, 10 to do, 0.25 device-hours (15 min)`."""
        done = [state for state in states if state != PENDING]
        bad = [f"{done.count(state)} {state}" for state in BAD if state in done]
        of_them = f" ({', '.join(bad)})" if bad else ""
        waiting = len(self.work.to_do) - len(self.training)
        parts = [f"{plural(len(states), 'trial')}: {len(done)} done{of_them}"]
        if self.work.to_do:
            parts += [f"{len(self.training) or 'none'} being trained, {waiting} to do"]
            if left := self.seconds_left:
                parts += [f"about {hours(left)} left{'' if self.is_measured else ', a guess: not all is measured yet'}"]
        return "; ".join(parts)


def _echo_cells(cells: list[dict[str, Any]], training: Mapping[str, int]) -> None:
    echo_table(
        ["cell", "done", "training", *BAD, "train error %", "test error %"],
        [
            [
                cell["name"],
                f"{cell['trials'] - cell['states'][PENDING]}/{cell['trials']}",
                training.get(cell["name"], 0) or "",
                *(cell["states"].get(state, 0) for state in BAD),
                percent(cell["train_error"]),
                percent(cell["test_error"]),
            ]
            for cell in cells
        ],
    )
