"""MNIST's own file format, written here and served by a local server: torchvision reads and downloads it for real."""

from __future__ import annotations

import gzip
import hashlib
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from ablate.errors import DataError
from ablate.spec.study.recipe import Data
from ablate.train import download, load_splits
from ablate.train.data.torchvision_sets import TABLE

CPU = torch.device("cpu")
SIZES = {"train": 30, "t10k": 10}


def write_idx(folder: Path) -> dict[str, np.ndarray]:
    """A small MNIST; the arrays by file name."""
    random = np.random.default_rng(0)
    folder.mkdir(parents=True)
    arrays = {}
    for part, num in SIZES.items():
        arrays[f"{part}-images-idx3-ubyte"] = random.integers(0, 256, (num, 28, 28), dtype=np.uint8)
        arrays[f"{part}-labels-idx1-ubyte"] = (np.arange(num) % 10).astype(np.uint8)
    for name, array in arrays.items():
        header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        (folder / name).write_bytes(header + array.tobytes())
    return arrays


def mnist(root: Path, **kwargs: object) -> Data:
    return Data.model_validate({"dataset": "mnist", "root": str(root), "validation": 0.2, **kwargs})


def test_mnist_is_read(tmp_path):
    arrays = write_idx(tmp_path / "MNIST" / "raw")
    splits = load_splits(mnist(tmp_path), CPU)
    assert splits.val is not None
    assert (len(splits.train), len(splits.val), len(splits.test)) == (24, 6, 10)
    assert np.array_equal(splits.train.pixels[:, 0].numpy(), arrays["train-images-idx3-ubyte"])
    assert splits.test.labels.tolist() == list(range(10))
    assert len(splits.classes) == 10
    assert load_splits(mnist(tmp_path, size=32), CPU).test.pixels.shape == (10, 1, 32, 32)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_missing_set_says_how_to_get_it(name, tmp_path):
    with pytest.raises(DataError, match=f"ablate fetch {name} --root"):
        load_splits(Data.model_validate({"dataset": name, "root": str(tmp_path)}), CPU)


def test_a_truncated_file_is_not_used(tmp_path):
    write_idx(tmp_path / "MNIST" / "raw")
    file = tmp_path / "MNIST" / "raw" / "t10k-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match="mnist is damaged"):
        load_splits(mnist(tmp_path), CPU)


@pytest.mark.parametrize("name", ["cifar10", "cifar100", "svhn"])
def test_files_with_wrong_checksums_are_not_used(name, tmp_path):
    for file in TABLE[name].files:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"not the data")
    with pytest.raises(DataError, match=f"{name} is damaged"):
        load_splits(Data.model_validate({"dataset": name, "root": str(tmp_path)}), CPU)


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A mirror of the small MNIST on this machine; torchvision is told its address and checksums."""
    raw, mirror = tmp_path / "raw", tmp_path / "mirror"
    write_idx(raw)
    mirror.mkdir()
    for file in raw.iterdir():
        (mirror / f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
    sums = [(file.name, hashlib.md5(file.read_bytes()).hexdigest()) for file in sorted(mirror.iterdir())]

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(mirror))) as running:
        monkeypatch.setattr(datasets.MNIST, "mirrors", [f"http://127.0.0.1:{running.server_port}/"])
        monkeypatch.setattr(datasets.MNIST, "resources", sums)
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield mirror
        running.shutdown()


def test_a_downloaded_set_is_complete_and_can_be_loaded(server, tmp_path):
    root = tmp_path / "data"
    download("mnist", root)
    assert {file.relative_to(root).as_posix() for file in root.rglob("*") if file.is_file()} == set(
        TABLE["mnist"].files
    )
    assert len(load_splits(mnist(root), CPU).test) == 10


def test_a_broken_download_leaves_nothing(server, tmp_path):
    file = server / "t10k-labels-idx1-ubyte.gz"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(DataError, match="cannot be downloaded"):
        download("mnist", tmp_path / "data")
    assert list((tmp_path / "data").iterdir()) == []


class Broken(SimpleHTTPRequestHandler):
    """Says that a file has a million bytes, sends half, and hangs up; with `stalls`, only when the client does."""

    stalls: threading.Event | None = None

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        self.wfile.write(bytes(500_000))
        self.wfile.flush()
        if self.stalls:
            self.stalls.wait(60)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def serving(handler: type[SimpleHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_truncated_download_of_any_set_leaves_nothing(name, tmp_path, monkeypatch):
    with serving(Broken) as url:
        for kind in (datasets.CIFAR10, datasets.CIFAR100):
            monkeypatch.setattr(kind, "url", f"{url}archive.tar.gz")
        for kind in (datasets.MNIST, datasets.FashionMNIST):
            monkeypatch.setattr(kind, "mirrors", [url])
        parts = {part: [url + entry[1], *entry[1:]] for part, entry in datasets.SVHN.split_list.items()}
        monkeypatch.setattr(datasets.SVHN, "split_list", parts)
        with pytest.raises(DataError, match=f"{name}: cannot be downloaded"):
            download(name, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(DataError, match=f"ablate fetch {name}"):
        load_splits(Data.model_validate({"dataset": name, "root": str(tmp_path)}), CPU)


DOWNLOAD = """
import sys
from pathlib import Path
from torchvision import datasets
from ablate.train import download
datasets.MNIST.mirrors = [sys.argv[1]]
download("mnist", Path(sys.argv[2]))
"""


def test_a_download_that_was_killed_is_not_used_and_starts_again(server, tmp_path, monkeypatch):
    root, stalls = tmp_path / "data", threading.Event()
    with serving(type("Stalling", (Broken,), {"stalls": stalls})) as url:
        with subprocess.Popen([sys.executable, "-c", DOWNLOAD, url, str(root)], stderr=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 120
            while not any(file.stat().st_size for file in root.rglob("*.gz")):
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.kill()
        stalls.set()
    (abandoned,) = root.iterdir()
    with pytest.raises(DataError, match="not found; download it with `ablate fetch mnist"):
        load_splits(mnist(root), CPU)
    under_way = root / abandoned.name.replace(str(process.pid), str(os.getpid()))
    under_way.mkdir()
    download("mnist", root)
    assert len(load_splits(mnist(root), CPU).test) == 10
    assert {entry.name for entry in root.iterdir()} == {"MNIST", under_way.name}


def test_only_known_sets_can_be_downloaded(tmp_path):
    with pytest.raises(DataError, match="there are cifar10"):
        download("digits", tmp_path)
