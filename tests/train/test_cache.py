from __future__ import annotations

import resource
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.errors import DataError
from ablate.train.data.cache import open_cached
from ablate.train.data.folder import find_folder
from ablate.train.data.source import Decoded, Source
from ablate.train.data.views import Center


def source(root: Path, size: int) -> Source:
    return find_folder(root).source(Center(size, size))


def never() -> Decoded:
    raise AssertionError("decoded although it was cached")


def cached(source: Source) -> Source:
    return replace(source, decode=never)


def test_images_are_decoded_once(write_folder):
    found = source(write_folder(), 8)
    first, again = open_cached(found), open_cached(cached(found))
    assert first.train.pixels.equal(again.train.pixels)
    assert first.test.labels.equal(again.test.labels)
    assert first.classes == again.classes == ("cat", "dog")


def test_a_copy_of_the_folder_shares_the_cache(write_folder, tmp_path):
    root = write_folder()
    first = open_cached(source(root, 8))
    copy = shutil.copytree(root, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert open_cached(cached(source(copy, 8))).digest == first.digest


def test_changed_content_is_noticed(write_folder):
    root = write_folder()
    first = open_cached(source(root, 8))
    shutil.copyfile(root / "train" / "cat" / "0.png", root / "train" / "dog" / "0.png")
    second = open_cached(source(root, 8))
    assert second.digest != first.digest
    assert second.train.pixels[6].equal(first.train.pixels[0])


def test_another_size_is_another_file(write_folder):
    root = write_folder()
    assert open_cached(source(root, 8)).digest != open_cached(source(root, 4)).digest


@pytest.mark.parametrize("kept", [0, 20, -1])
def test_a_damaged_cache_is_written_again(kept, write_folder, cache):
    found = source(write_folder(), 8)
    expected = open_cached(found).train.pixels.clone()
    (path,) = cache.glob("*.safetensors")
    path.write_bytes(path.read_bytes()[:kept])
    assert open_cached(found).train.pixels.equal(expected)
    assert open_cached(cached(found)).train.pixels.equal(expected)


def test_writing_to_mapped_images_does_not_reach_the_cache(write_folder):
    found = source(write_folder(), 8)
    first = open_cached(found).train.pixels
    expected = first.clone()
    first.zero_()
    assert open_cached(found).train.pixels.equal(expected)


def test_a_cache_that_cannot_be_written_says_what_to_do(write_folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ABLATE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match="ABLATE_CACHE"):
        open_cached(source(write_folder(), 8))


def test_a_write_that_fails_half_way_leaves_no_file(write_folder, cache):
    found = source(write_folder(num_train=100), 8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))  # as on a full disk: later bytes are refused
    try:
        with pytest.raises(DataError, match="free space"):
            open_cached(found)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not [file for file in cache.iterdir() if file.suffix != ".digest"]
    assert len(open_cached(found).train) == 200
