"""`download`: the only function that ever downloads anything."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ablate.errors import DataError
from ablate.train.data.torchvision_sets import TABLE


def download(dataset: str, root: Path) -> None:
    """Download a data set into `root`, checked by torchvision's checksums; nothing else ever downloads.

    It arrives in a temporary folder first, so that what lies under its own name is complete.

    Raises:
        DataError: there is no such data set to download, no connection, or no room.
    """
    if dataset not in TABLE:
        raise DataError(f"{dataset}: cannot be downloaded; there are {', '.join(TABLE)}")
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=root, prefix=".fetch-") as temporary:
            for part in TABLE[dataset].parts:
                TABLE[dataset].open(Path(temporary), part, download=True)
            for name in TABLE[dataset].files:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.move(Path(temporary, name), root / name)
    except (OSError, RuntimeError) as error:
        raise DataError(f"{dataset}: cannot be downloaded to {root} ({error}); try again") from error
