"""A study of negligible trials on digits, a store, a console that can be read, and one Ray for all tests."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from negligible import STUDY
from rich.console import Console

from ablate.records import Record, Store
from ablate.schedule.cluster import connect
from ablate.schedule.progress import Watch
from ablate.spec import Study, load_study

CreateStudy = Callable[..., Study]


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv("ABLATE_DATA", raising=False)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path


@pytest.fixture
def create_study(study_file: Path) -> CreateStudy:
    """The study with overrides: `create_study("seeds=3", "train.lr=1e9")`."""
    return lambda *overrides: load_study(study_file, overrides)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs")


@pytest.fixture
def watch() -> Watch:
    return Watch(Console(file=io.StringIO(), width=200, highlight=False, soft_wrap=True))


@pytest.fixture(scope="session")
def ray_session() -> Iterator[None]:
    """Started once, because it takes seconds; `run_trials` uses a Ray that is there."""
    with connect(None, 2):
        yield


@pytest.fixture(scope="session")
def result() -> Callable[[Record], dict[str, object]]:
    """A record without what differs between two runs of the same trial: time, memory and surroundings."""

    def without_seconds(content: Any) -> Any:
        if isinstance(content, dict):
            return {key: without_seconds(value) for key, value in content.items() if key != "seconds"}
        return [without_seconds(value) for value in content] if isinstance(content, list | tuple) else content

    return lambda record: without_seconds(record.model_dump(exclude={"environment", "cost"}))
