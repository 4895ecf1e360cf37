"""A setting that a search tries in a cell, with the training that does so and its record."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ablate.records import Outcome, Record
from ablate.spec.study.settings import Setting
from ablate.spec.study.study import Trial


@dataclass(frozen=True)
class Sampled:
    """One of a search's settings."""

    setting: Setting
    trial: Trial
    record: Record | None

    @property
    def is_finished(self) -> bool:
        """Whether it was trained to its last epoch."""
        return self.record is not None and self.record.outcome is Outcome.FINISHED

    def metric(self, name: str) -> float | None:
        """Its metric after the last epoch; None where it has none."""
        return self.record.final.get(name) if self.record else None

    def course(self, name: str) -> list[float]:
        """Its metric after every epoch; infinite where it was no number."""
        history = self.record.history if self.record else ()
        values = [getattr(epoch, name) for epoch in history]
        return [math.inf if value is None else value for value in values]
