"""One pack after the other in this process: what `--serial` does, without Ray."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.schedule.packs import Pack
from ablate.schedule.training import Emit, Settings, run_pack


@dataclass(frozen=True)
class SerialExecutor:
    """Trains in this process; a crash is the crash of the command."""

    settings: Settings
    num_processes: int = 1

    def __call__(self, packs: Sequence[Pack], emit: Emit) -> list[tuple[Pack, str]]:
        """Run every pack; no pack is ever lost."""
        for pack in packs:
            run_pack(pack, self.settings, emit)
        return []
