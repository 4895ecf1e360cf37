"""Every storage does the same: a folder, S3, fsspec's memory, and a file system that fsspec writes to in place."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from ablate.errors import StoreError
from ablate.storage import Folder, Remote, Storage, open_storage, read_place

KINDS = ["folder", "memory", "posix", "s3"]


@pytest.fixture(params=KINDS)
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    match request.param:
        case "folder":
            return Folder(tmp_path / "runs")
        case "posix":
            return Remote(f"file://{tmp_path}/runs")
        case "memory":
            return Remote(f"memory://{uuid4().hex}/runs")
    return Remote(request.getfixturevalue("s3_url"))


def test_a_scenario(storage: Storage) -> None:
    storage.check()
    storage.prepare()
    assert storage.names("") == []
    with pytest.raises(FileNotFoundError):
        storage.read("ab/abc.json")
    assert not storage.exists("ab/abc.json")
    storage.write("ab/abc.json", b"one ", b"two")
    storage.write("cd/cde.json", b"")
    storage.write("ab/abc.json", b"three")
    assert storage.read("ab/abc.json") == b"three"
    assert storage.exists("ab/abc.json")
    assert not storage.exists("ab/abd.json")
    assert not storage.exists("ab/ab")
    wanted = ["cd/cde.json", "no/no.json", "ab/abc.json"]
    assert list(storage.read_many(wanted)) == [("cd/cde.json", b""), ("ab/abc.json", b"three")]
    assert storage.names("") == ["ab/abc.json", "cd/cde.json"]
    assert storage.names("ab") == ["ab/abc.json"]
    assert storage.names("no") == []
    storage.remove("ab/abc.json")
    storage.remove("ab/abc.json")
    assert not storage.exists("ab/abc.json")
    storage.write("e/1/state", b"x")
    storage.write("e/2/state", b"y")
    storage.clear("e/1")
    storage.clear("e/1")
    assert storage.names("") == ["cd/cde.json", "e/2/state"]
    storage.check()


def test_more_files_than_are_read_at_a_time(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.storage.remote.BATCH", 7)
    names = [f"{number % 3}/{number}.json" for number in range(30)]
    for name in names[::2]:
        storage.write(name, name.encode())
    assert list(storage.read_many(names)) == [(name, name.encode()) for name in names[::2]]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("gs://bucket/runs", r"gs://bucket/runs: gs:// needs a package that is missing; pip install 'gcsfs'"),
        ("nope://bucket/runs", "nope://bucket/runs: Protocol not known: nope"),
        ("s3://", "s3://: names no place; write s3://BUCKET/FOLDER"),
        (Path("s3://bucket/runs"), "s3:/bucket/runs: a URL begins with s3://; pass it as text"),
    ],
)
def test_a_place_that_is_none_is_said(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_storage(read_place(url))


def test_a_file_url_is_a_folder(tmp_path: Path) -> None:
    assert read_place(f"file://{tmp_path}") == tmp_path
    assert read_place("s3://bucket/runs/") == "s3://bucket/runs"
