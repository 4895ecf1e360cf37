"""The Ray actor that trains packs, one after the other; Tune reuses it, so that it imports PyTorch once."""

from __future__ import annotations

import os
import queue
import resource
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray import tune

from ablate.errors import AblateError
from ablate.schedule.events import Event
from ablate.schedule.packs import Pack
from ablate.schedule.training import Settings, run_pack

REPORT_SECONDS = 0.5  # between two reports of one actor: training never waits for the driver


@dataclass(frozen=True)
class Surroundings:
    """What a process on any machine takes over from the driver: relative paths and our variables mean the same."""

    folder: str
    variables: Mapping[str, str]

    @classmethod
    def here(cls) -> Surroundings:
        """Those of this process."""
        variables = {name: value for name, value in os.environ.items() if name.startswith("ABLATE_")}
        return cls(os.getcwd(), variables)

    def enter(self) -> None:
        """Make them this process's own; a folder that this machine does not have is left."""
        if os.path.isdir(self.folder):
            os.chdir(self.folder)
        for name in [name for name in os.environ if name.startswith("ABLATE_")]:
            del os.environ[name]
        os.environ.update(self.variables)


class PackTrainable(tune.Trainable):
    """Trains in a thread; every step reports what has happened since the last one."""

    def setup(  # type: ignore[override]  # the others come from tune.with_parameters
        self, config: dict[str, Any], packs: Sequence[Pack], settings: Settings, surroundings: Surroundings
    ) -> None:
        """Called once per actor, with the first pack."""
        self._packs, self._settings, self._surroundings = packs, settings, surroundings
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called for every further pack: start to train it."""
        self._surroundings.enter()  # Tune has just moved to a folder of its own
        self._messages: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        number: int | None = new_config["pack"]
        pack = () if number is None else self._packs[number]  # nothing, of one that has been given up meanwhile
        try:
            threading.Thread(target=self._train, args=(pack, self._messages.put), daemon=True).start()
        except RuntimeError:  # no memory for a thread: another process takes over
            os._exit(1)
        return True

    def _train(self, pack: Pack, put: Callable[[Event | BaseException | None], None]) -> None:
        try:
            run_pack(pack, self._settings, put)
        except BaseException as error:
            if not isinstance(error, AblateError):
                error.add_note(traceback.format_exc())  # a traceback itself does not travel
            put(error)
        else:
            put(None)

    def step(self) -> dict[str, Any]:
        """Wait for the pack's end, at most `REPORT_SECONDS`; return the events meanwhile, and what ended it early."""
        events: list[Event] = []
        deadline = time.monotonic() + REPORT_SECONDS
        while True:
            try:
                message = self._messages.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                return _report(events, None, is_done=False)
            if message is None or isinstance(message, BaseException):
                return _report(events, message, is_done=True)
            events.append(message)

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Nothing: what has finished is a record, what has not is trained again."""


def _report(events: list[Event], error: BaseException | None, is_done: bool) -> dict[str, Any]:
    """What a step returns; with the most memory that this process has held, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"events": events, "error": error, "done": is_done, "memory": peak}
