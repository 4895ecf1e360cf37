"""Ray: started quietly on this machine, or joined where it runs; all of its files in a folder that is removed."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ablate.errors import AblateError
from ablate.schedule.address import check_address
from ablate.schedule.claims import take
from ablate.schedule.signals import hold_signals

# Read by Ray when it is imported or started. What a user has set stays.
VARIABLES = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the old output can be silenced
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",  # what Ray says of a process that died: we say it shorter
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # ten times the cost of a short trial; our records hold it all
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000",  # Tune's own state is never resumed from: the records are
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
}
OBJECT_STORE_BYTES = 128 * 2**20  # only trials pass through it
LONGEST_PARENT = 22  # characters of a temporary folder's path: Ray puts sockets below it, whose paths may have 107


@dataclass(frozen=True)
class Resources:
    """What one process gets."""

    cpus: float
    gpus: float | None = None  # None: one if the cluster has any


@contextmanager
def connect(address: str | None, num_cpus: float | None) -> Iterator[Path]:
    """Join the cluster at `address` (or $RAY_ADDRESS), else start one with `num_cpus` here; yield a scratch folder.

    A Ray that this process has already started is used, and left running.

    Raises:
        AblateError: there is no cluster at the address, or Ray does not start.
        UsageError: the address cannot be used.
    """
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    address = address or os.environ.get("RAY_ADDRESS")
    if address:
        check_address(address)
    import ray

    with _scratch_folder() as folder:
        if ray.is_initialized():
            yield folder
            return
        try:
            with hold_signals():  # Ray crashes when it is interrupted while it starts
                _start(address, num_cpus, folder)
            yield folder
        finally:
            ray.shutdown()


def _start(address: str | None, num_cpus: float | None, folder: Path) -> None:
    import ray

    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL, "include_dashboard": False}
    if not address:
        os.environ.setdefault("RAY_gcs_rpc_server_reconnect_timeout_s", "10")  # then what outlived a kill ends
        options |= {"num_cpus": num_cpus, "object_store_memory": OBJECT_STORE_BYTES, "_temp_dir": str(folder / "ray")}
    try:
        ray.init(address=address or "local", **options)
    except (ray.exceptions.RayError, OSError, RuntimeError, ValueError) as error:
        where = f"no Ray cluster at {address}" if address else "Ray does not start on this machine"
        reason = " ".join(str(error).split())  # where versions differ, Ray says so in many lines
        if isinstance(error, ConnectionError) and address:  # which is all that Ray says of a wrong token
            reason += "; if there is one, is its token the one here (~/.ray/auth_token or RAY_AUTH_TOKEN)?"
        raise AblateError(f"{where}: {reason}; or train without it: --serial") from error


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    """A short-named temporary folder; those left behind by killed commands are removed first."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > LONGEST_PARENT:
        parent = Path("/tmp")
    for left in parent.glob("ablate-*/.claim"):
        _remove_abandoned(left)
    folder = Path(tempfile.mkdtemp(prefix="ablate-", dir=parent))
    claim = take(folder / ".claim")
    try:
        yield folder
    finally:
        if claim:
            claim.release()
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(path: Path) -> None:
    claim = take(path) if os.access(path, os.W_OK) else None
    if claim:
        shutil.rmtree(path.parent, ignore_errors=True)
        claim.file.close()
