"""Decoded images on disk: decoded once, memory-mapped by every trial of the machine.

One file per data set, named by the hash of what it was decoded from, written whole or not at all. Two processes
that decode at once write the same bytes, and the later rename wins. A second, tiny file remembers the hash for an
untouched folder, so that opening it again reads no image.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ablate.cache import cache_folder
from ablate.errors import DataError
from ablate.replacement import replacing
from ablate.train.data.images import DataSet, Images
from ablate.train.data.source import Decoded, Source


def open_cached(source: Source) -> DataSet:
    """The decoded source, memory-mapped; decoded and cached first where that has not been done.

    Raises:
        DataError: a source file cannot be read or decoded, or the cache cannot be written.
    """
    folder = cache_folder()
    try:
        digest = _remembered(folder / f"{source.listing()}.digest", source.content)
        path = folder / f"{digest}.safetensors"
        return _read(path, digest) or _decode(source, path, digest)
    except OSError as error:
        raise DataError(
            f"{error.filename or folder}: {error.strerror or error}; free space, or point ABLATE_CACHE at a folder "
            "that can be written"
        ) from error


def _remembered(path: Path, compute: Callable[[], str]) -> str:
    if path.exists():
        return path.read_text()
    digest = compute()
    with replacing(path) as part:
        part.write_text(digest)
    return digest


def _read(path: Path, digest: str) -> DataSet | None:
    """The file's images without reading them: pages come in as they are used, and processes share them."""
    try:
        with safe_open(path, "pt") as file:
            train, test = (
                Images(file.get_tensor(f"{part}.pixels"), file.get_tensor(f"{part}.labels"))
                for part in ("train", "test")
            )
            return DataSet(train, test, tuple(json.loads(file.metadata()["classes"])), digest)
    except (FileNotFoundError, SafetensorError):  # absent, or damaged by something other than us
        return None


def _decode(source: Source, path: Path, digest: str) -> DataSet:
    decoded = source.decode()
    with replacing(path) as part:
        _write(part, decoded)
    return _read(path, digest) or DataSet(decoded.train, decoded.test, decoded.classes, digest)


def _write(path: Path, decoded: Decoded) -> None:
    tensors = {
        f"{part}.{name}": getattr(images, name).contiguous()
        for part, images in (("train", decoded.train), ("test", decoded.test))
        for name in ("pixels", "labels")
    }
    try:
        save_file(tensors, path, metadata={"classes": json.dumps(decoded.classes)})
    except SafetensorError as error:  # how safetensors reports a full disk
        raise OSError(None, str(error), str(path)) from error
