"""For all tests: Ctrl+C as on a terminal, no deadlines, and a real S3 server for those that want one, started once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from uuid import uuid4

import pytest
from hypothesis import settings
from s3_server import CREDENTIALS, serve

settings.register_profile("busy", deadline=None)  # timings say nothing on a machine that others use too
settings.load_profile("busy")


def pytest_configure() -> None:
    """Shells start background jobs with SIGINT ignored, and processes started here would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    with serve() as port:
        yield port


@pytest.fixture
def s3_url(s3_port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a folder in a new bucket, which the environment leads to."""
    import s3fs

    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{s3_port}")
    s3fs.S3FileSystem.clear_instance_cache()  # they remember an endpoint
    bucket = f"bucket-{uuid4().hex[:8]}"
    s3fs.S3FileSystem(skip_instance_cache=True).mkdir(bucket)
    return f"s3://{bucket}/runs"
