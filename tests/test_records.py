"""The store: whole or not at all, whatever happens to the writer."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.errors import StoreError
from ablate.records import Cost, Epoch, Outcome, Record, Store

figures = st.floats(allow_nan=False, allow_infinity=False) | st.none()
WRITER = """
import sys
from pathlib import Path
from ablate.records import Record, Store
record = Record.model_validate_json(sys.argv[2])
store = Store(Path(sys.argv[1]))
{before}
for number in range({times}):
    store.write(record.model_copy(update={{"seed": number}}))
    print(number, flush=True)
"""


def make_record(**changes: object) -> Record:
    record = Record(
        id="0123456789abcdef",
        seed=0,
        outcome=Outcome.FINISHED,
        spec={"train": {"lr": 0.1}},
        history=(Epoch(epoch=1, lr=0.1, seconds=1.0, train_loss=2.0, train_error=50.0),),
        final={"train_error": 50.0, "test_error": None},
        selected=None,
        cost=Cost(seconds=1.0, images_per_second=10.0, peak_memory=1, parameters=2, multiply_adds=3),
        environment={"torch": "2.15"},
    )
    return record.model_copy(update=changes)


@contextmanager
def writer(store: Path, record: Record, *, times: int, before: str = "") -> Iterator[subprocess.Popen[str]]:
    """A process that writes the record again and again, and prints a line after each."""
    code = WRITER.format(times=times, before=before)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(store), record.model_dump_json()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


@settings(deadline=None)  # it waits for the disk
@given(final=st.dictionaries(st.text(), figures), error=st.none() | st.text(), outcome=st.sampled_from(Outcome))
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, final: dict[str, float | None], error: str | None, outcome: Outcome
) -> None:
    store = Store(tmp_path_factory.mktemp("store"))
    record = make_record(final=final, error=error, outcome=outcome)
    store.write(record)
    assert store.read(record.id) == record


def test_records_are_plain_json_for_anyone(tmp_path: Path) -> None:
    path = Store(tmp_path).write(make_record())
    assert json.loads(path.read_text())["history"][0]["train_error"] == 50.0


def test_a_trial_without_a_record_is_none_and_left_out(tmp_path: Path) -> None:
    store = Store(tmp_path / "not there")
    assert store.read("0123456789abcdef") is None
    assert store.read_all(["0123456789abcdef"]) == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": 3}', b"\x00\xff"])
def test_a_broken_record_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    store = Store(tmp_path)
    path = store.write(make_record())
    path.write_bytes(content)
    with pytest.raises(StoreError, match=path.name):
        store.read(make_record().id)


def test_a_writer_killed_at_any_moment_leaves_a_whole_record(tmp_path: Path) -> None:
    store, record = Store(tmp_path), make_record()
    for delay in (0.0, 0.01, 0.03):
        with writer(tmp_path, record, times=1_000_000) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
            process.wait()
            assert store.read(record.id) is not None


def test_a_full_disk_keeps_the_old_record_and_leaves_nothing_behind(tmp_path: Path) -> None:
    store, record = Store(tmp_path), make_record()
    store.write(record)
    limit = (
        "import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    )
    with writer(tmp_path, record, times=1, before=limit) as process:
        printed, _ = process.communicate()
    assert process.returncode != 0
    assert "cannot write the record" in printed
    assert store.read(record.id) == record
    assert [path.name for path in store.path(record.id).parent.iterdir()] == [f"{record.id}.json"]


def test_several_writers_and_a_reader_never_meet_half_a_record(tmp_path: Path) -> None:
    store, record = Store(tmp_path), make_record(error="x" * 50_000)
    store.write(record)
    with writer(tmp_path, record, times=200) as first, writer(tmp_path, record, times=200) as second:
        while first.poll() is None or second.poll() is None:
            found = store.read(record.id)
            assert found is not None
            assert found.error == record.error
    assert (first.returncode, second.returncode) == (0, 0)
