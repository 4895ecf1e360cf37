"""One pack after the other in this process: what `--serial` does, without Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.schedule.deaths import Judge
from ablate.schedule.packs import Pack
from ablate.schedule.signals import import_training
from ablate.schedule.training import Emit, Settings, run_pack


@dataclass(frozen=True)
class SerialExecutor:
    """Trains in this process; a crash is the crash of the command, and there is nothing beside it."""

    settings: Settings
    num_processes: int = 1

    def apart(self) -> None:
        """There is none: it is apart itself."""

    def __call__(self, packs: Sequence[Pack], emit: Emit, judge: Judge) -> None:
        """Run every pack."""
        import_training()
        for pack in packs:
            run_pack(pack, self.settings, emit)
