"""TensorBoard: one event file per trial, in a folder of the trial's name."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ablate.records import Epoch, Record
from ablate.schedule.logs.logger import epoch_figures, folder_name, parameters
from ablate.spec.study.study import Trial

TAGS = {  # what stands before the slash is drawn together
    **{f"{split}_{figure}": f"{figure}/{split}" for split in ("train", "val", "test") for figure in ("loss", "error")},
    "lr": "training/lr",
    "seconds": "training/seconds per epoch",
    "images_per_second": "training/images per second",
}


class TensorBoard:
    """A training that starts or goes on writes a new file with all epochs so far, and takes the older one away.

    So every epoch is there once, with the figures that the record will have. A file is open only while it is written.
    """

    name = "TensorBoard"

    def __init__(self, folder: Path) -> None:
        self._folder = folder  # of the study
        self._files: dict[str, Path] = {}  # by trial id

    def open(self, held: ExitStack) -> None:
        """Nothing to get ready: what cannot be written is said when it is to be."""

    def start(self, trial: Trial, history: Sequence[Epoch]) -> None:
        """A new file, with the parameters of the trial."""
        folder = self._folder / folder_name(trial)
        folder.mkdir(parents=True, exist_ok=True)
        older = list(folder.glob("*tfevents*"))
        now = time.time()
        file = self._files[trial.id] = folder / f"events.out.tfevents.{time.time_ns()}"
        seconds = sum(epoch.seconds for epoch in history)
        self._write(file, [_event(now - seconds, file_version="brain.Event:2"), *_describe(trial, now - seconds)])
        for epoch in history:
            seconds -= epoch.seconds
            self._write(file, _scalars(trial, epoch, now - seconds))
        for other in older:
            other.unlink(missing_ok=True)

    def add(self, trial: Trial, epoch: Epoch) -> None:
        """Its figures."""
        self._write(self._files[trial.id], _scalars(trial, epoch, time.time()))

    def end(self, trial: Trial, record: Record) -> None:
        """How it ended, as text."""
        text = f"{record.outcome}: {record.error}" if record.error else str(record.outcome)
        self._write(self._files.pop(trial.id), [_text("outcome", text, time.time())])

    def close(self) -> None:
        """Nothing is open."""

    def _write(self, file: Path, events: Iterable[Any]) -> None:
        from tensorboard.summary.writer.record_writer import RecordWriter

        with file.open("ab") as opened:
            writer = RecordWriter(opened)
            for event in events:
                writer.write(event.SerializeToString())


def _describe(trial: Trial, moment: float) -> list[Any]:
    from tensorboard.plugins.hparams.summary_v2 import hparams_pb

    rows = [f"| {name} | {value} |" for name, value in parameters(trial).items()]
    table = "\n".join([f"trial {trial.id}\n", "| factor | value |", "|---|---|", *rows])
    return [
        _event(moment, summary=hparams_pb(parameters(trial), trial.id, moment)),
        _text("trial", table, moment),
    ]


def _scalars(trial: Trial, epoch: Epoch, moment: float) -> list[Any]:
    from tensorboard.compat.proto.summary_pb2 import Summary

    figures = epoch_figures(trial, epoch)
    values = [Summary.Value(tag=TAGS[name], simple_value=value) for name, value in figures.items() if name in TAGS]
    return [_event(moment, step=epoch.epoch, summary=Summary(value=values))]


def _text(tag: str, text: str, moment: float) -> Any:
    from tensorboard.plugins.text.summary_v2 import text_pb

    return _event(moment, summary=text_pb(tag, text))


def _event(moment: float, **content: Any) -> Any:
    from tensorboard.compat.proto.event_pb2 import Event

    return Event(wall_time=moment, **content)
