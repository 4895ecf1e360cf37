"""`download`: the only function that ever downloads anything."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
from http.client import HTTPException
from pathlib import Path
from tarfile import TarError

from ablate.errors import DataError
from ablate.train.data.torchvision_sets import TABLE

_PREFIX = f".fetch-{platform.node()}-"  # of temporary folders; the process and a random part follow


def download(dataset: str, root: Path) -> None:
    """Download a data set into `root`, checked by torchvision's checksums; nothing else ever downloads.

    It arrives in a temporary folder first, so that what lies under its own name is complete. One that was killed
    leaves that folder, which the next removes, and starts again.

    Raises:
        DataError: there is no such data set to download, no connection, or no room.
    """
    if dataset not in TABLE:
        raise DataError(f"{dataset}: cannot be downloaded; there are {', '.join(TABLE)}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(root)
        with tempfile.TemporaryDirectory(dir=root, prefix=f"{_PREFIX}{os.getpid()}-") as temporary:
            for part in TABLE[dataset].parts:
                TABLE[dataset].open(Path(temporary), part, download=True)
            for name in TABLE[dataset].files:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(Path(temporary, name), root / name)
    except (OSError, RuntimeError, HTTPException, EOFError, TarError) as error:  # what broken downloads raise
        raise DataError(f"{dataset}: cannot be downloaded to {root} ({error}); try again") from error


def _remove_abandoned(root: Path) -> None:
    """What downloads by processes of this machine that are no more have left behind."""
    for folder in root.glob(f"{_PREFIX}*-*"):
        process = folder.name.removeprefix(_PREFIX).split("-")[0]
        if process.isdecimal() and not _is_running(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True
