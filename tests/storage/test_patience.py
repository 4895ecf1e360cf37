"""Waiting for a storage: on a folder that is moved away for real, and comes back or does not."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from ablate.errors import StoreError
from ablate.records import Store
from ablate.storage import Patience


def move_back(away: Path, folder: Path, seconds: float) -> threading.Thread:
    def wait() -> None:
        time.sleep(seconds)
        away.rename(folder)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_a_folder_that_comes_back_is_waited_for_and_said_once(tmp_path: Path) -> None:
    folder, away, notes = tmp_path / "runs", tmp_path / "away", list[str]()
    Store(folder).prepare()
    store = Store(folder, Patience(60.0, notes.append))
    store.storage.write("weights/abc.safetensors", b"content")
    folder.rename(away)
    thread = move_back(away, folder, 1.0)
    assert store.read_weights("abc") == b"content"
    thread.join()
    assert [note.split("(")[0] for note in notes[:1]] == ["the store fails "]
    assert notes[1].startswith("the store works again after")
    assert len(notes) == 2


def test_patience_ends(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    store = Store(folder, Patience(0.5))
    start = time.monotonic()
    with pytest.raises(StoreError, match=r"is not there any more; see that it can be reached"):
        store.read("abc")
    assert 0.5 <= time.monotonic() - start < 30


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir(mode=0o500)
    with pytest.raises(StoreError, match="see that you may read and write there"):
        Store(tmp_path / "runs", Patience(60.0)).prepare()


def test_without_patience_a_missing_folder_is_an_empty_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs")
    assert store.read("abc") is None
    assert store.read_all(["abc"]) == {}
