"""Where records are, with the states of trials under way and the weights that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path, PurePosixPath

from pydantic import ValidationError

from ablate.errors import StoreError
from ablate.records.record import Outcome, Record
from ablate.storage import AT_ONCE, Patience, Place, Storage, explain, open_storage, read_place


class Store:
    """A folder, or the URL of one. Safe for several readers and writers at once: a file is replaced, never changed.

    Args:
        folder: a path, or a URL that fsspec knows, e.g. `s3://bucket/study`.
        patience: with a storage that fails; without any, every failure is raised at once.

    Raises (every method):
        StoreError: the storage fails, or refuses; what was in it is as it was.
    """

    def __init__(self, folder: Place, patience: Patience = AT_ONCE) -> None:
        self.folder = read_place(folder)
        self.patience = patience

    @cached_property
    def storage(self) -> Storage:
        """Opened when it is first needed."""
        return open_storage(self.folder, is_prepared=self.patience.seconds > 0)

    def patient(self, note: Callable[[str], None]) -> Store:
        """The same store, for a process that trains: waits out its failures, and says so."""
        return Store(self.folder, Patience.usual(note))

    def absolute(self) -> Store:
        """The same store, from whatever folder a process looks at it."""
        return Store(self.folder.absolute() if isinstance(self.folder, Path) else self.folder, self.patience)

    def path(self, trial_id: str) -> Place:
        """Where the trial's record is, or would be: a path, or a URL."""
        return self.storage.locate(_record(trial_id))

    def checkpoint_path(self, trial_id: str) -> Place:
        """Where the state of the trial is kept while it trains."""
        return self.storage.locate(_checkpoint(trial_id))

    def weights_path(self, trial_id: str) -> Place:
        """Where the trial's final weights are, if they were kept."""
        return self.storage.locate(_weights(trial_id))

    def prepare(self) -> None:
        """See that the store can be written, before anything is trained for it."""
        with self._explained(self.folder, "cannot be written"):
            self.storage.prepare()

    def write(self, record: Record) -> Place:
        """Write the record whole, then remove the trial's checkpoint."""
        content = record.model_dump_json().encode()
        with self._explained(self.path(record.id), "cannot write the record"):
            self.patience(lambda: self.storage.write(_record(record.id), content))
        self.remove_checkpoint(record.id)
        return self.path(record.id)

    def has(self, trial_id: str) -> bool:
        """Whether the trial has a record."""
        with self._explained(self.path(trial_id), "cannot read the record"):
            return self.patience(lambda: self.storage.exists(_record(trial_id)))

    def remove(self, trial_id: str) -> None:
        """Forget the trial's record."""
        with self._explained(self.path(trial_id), "cannot remove the record"):
            self.patience(lambda: self.storage.remove(_record(trial_id)))

    def read(self, trial_id: str) -> Record | None:
        """The trial's record, or None where it has none. A file that is no record is a StoreError too."""
        with self._explained(self.path(trial_id), "cannot read the record"), suppress(FileNotFoundError):
            return self._parse(trial_id, self.patience(lambda: self.storage.read(_record(trial_id))))
        return None

    def read_all(self, trial_ids: Iterable[str]) -> dict[str, Record]:
        """The records that exist, by trial id, in the order asked for."""
        ids = {_record(trial_id): trial_id for trial_id in trial_ids}
        with self._explained(self.folder, "cannot read the records"):
            found = self.patience(lambda: self._read_many(ids))
            if not found:
                self.storage.check()  # nothing there, or no such place?
        return found

    def outcomes(self, trial_ids: Iterable[str]) -> dict[str, Outcome]:
        """How each recorded trial ended."""
        return {trial_id: record.outcome for trial_id, record in self.read_all(trial_ids).items()}

    def read_checkpoint(self, trial_id: str) -> bytes | None:
        """The state of the trial, None where there is none.

        Raises:
            OSError: it cannot be read.
        """
        try:
            return self.patience(lambda: self.storage.read(_checkpoint(trial_id)))
        except FileNotFoundError:
            return None

    def write_checkpoint(self, trial_id: str, *content: bytes) -> None:
        """Write it whole; an older one stays until then. Without patience, since training can go on without it.

        Raises:
            OSError: it cannot be written.
        """
        self.storage.write(_checkpoint(trial_id), *content)

    def remove_checkpoint(self, trial_id: str) -> None:
        """Nobody will go on from there any more."""
        with suppress(OSError):
            self.storage.clear(str(PurePosixPath(_checkpoint(trial_id)).parent))

    def write_weights(self, trial_id: str, content: bytes) -> None:
        """Keep the trial's final weights."""
        with self._explained(self.weights_path(trial_id), "cannot write the weights"):
            self.patience(lambda: self.storage.write(_weights(trial_id), content))

    def read_weights(self, trial_id: str) -> bytes | None:
        """The trial's final weights as safetensors, None where they were not kept."""
        with self._explained(self.weights_path(trial_id), "cannot read the weights"), suppress(FileNotFoundError):
            return self.patience(lambda: self.storage.read(_weights(trial_id)))
        return None

    def has_weights(self, trial_id: str) -> bool:
        """Whether the trial's final weights were kept."""
        with self._explained(self.weights_path(trial_id), "cannot read the weights"):
            return self.patience(lambda: self.storage.exists(_weights(trial_id)))

    def _read_many(self, ids: Mapping[str, str]) -> dict[str, Record]:
        contents = self.storage.read_many(ids)
        return {ids[name]: self._parse(ids[name], content) for name, content in contents}

    def _parse(self, trial_id: str, content: bytes) -> Record:
        try:
            return Record.model_validate_json(content)
        except ValidationError as error:
            text = "not a readable record; move it away to train the trial again"
            raise StoreError(f"{self.path(trial_id)}: {text}") from error

    @contextmanager
    def _explained(self, place: Place, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(f"{place}: {what}: {explain(error)}") from error


def _record(trial_id: str) -> str:
    return f"{trial_id[:2]}/{trial_id}.json"


def _checkpoint(trial_id: str) -> str:
    return f"checkpoints/{trial_id}/state"


def _weights(trial_id: str) -> str:
    return f"weights/{trial_id}.safetensors"
