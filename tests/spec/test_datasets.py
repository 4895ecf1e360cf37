"""What is known of the data sets, held against the data sets themselves."""

from __future__ import annotations

from pathlib import Path

import pytest
from sklearn.datasets import load_digits

from ablate.errors import SpecError
from ablate.spec import load_study
from ablate.spec.study.datasets import DATASETS, image_shape, num_train_images, num_validation_images
from ablate.spec.study.recipe import Data

STUDY = "baseline:\n  architecture: {family: cifar, depth: 8}\n  data: {dataset: folder, size: 16, root: pictures}\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ABLATE_DATA", raising=False)
    return tmp_path


def lines_of(text: str) -> list[str]:
    Path("x.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_study("x.yaml")
    return str(caught.value).splitlines()


def test_digits_are_those_of_scikit_learn() -> None:
    found = load_digits()
    digits = DATASETS["digits"]
    assert found.images.shape[1:] == (digits.size, digits.size)
    assert len(found.target_names) == digits.classes
    assert len(found.images) == digits.train_images + digits.test_images


def test_every_data_set_that_may_be_written_is_known() -> None:
    allowed = Data.model_json_schema()["properties"]["dataset"]["enum"]
    assert {*DATASETS, "folder"} == {*allowed}


@pytest.mark.parametrize(
    ("data", "shape", "classes", "held_out", "trained_on"),
    [
        (Data(dataset="digits"), (1, 8, 8), 10, 144, 1_293),
        (Data(dataset="digits", validation=0.0, size=16), (1, 16, 16), 10, 0, 1_437),
        (Data(dataset="cifar10"), (3, 32, 32), 10, 5_000, 45_000),
        (Data(dataset="cifar100"), (3, 32, 32), 100, 5_000, 45_000),
        (Data(dataset="svhn"), (3, 32, 32), 10, 7_326, 65_931),
        (Data(dataset="mnist"), (1, 28, 28), 10, 6_000, 54_000),
        (Data(dataset="fashion-mnist"), (1, 28, 28), 10, 6_000, 54_000),
    ],
)
def test_facts(data: Data, shape: tuple[int, ...], classes: int, held_out: int, trained_on: int) -> None:
    assert image_shape(data) == (shape, classes)
    assert num_validation_images(data) == held_out
    assert num_train_images(data) == trained_on


def test_a_folder_of_images_is_counted(here: Path) -> None:
    for name, number in {"cat": 3, "dog": 7}.items():
        (here / "pictures" / "train" / name).mkdir(parents=True)
        for index in range(number):
            (here / "pictures" / "train" / name / f"{index}.png").touch()
    Path("x.yaml").write_text(STUDY)
    (cell,) = load_study("x.yaml").cells
    assert (cell.network.input, cell.network.classes) == ((3, 16, 16), 2)
    assert num_train_images(cell.data) == 9


def test_a_folder_of_images_that_is_not_there(here: Path) -> None:
    assert lines_of(STUDY) == [
        "x.yaml:3:43: data.root: 'pictures/train' is no folder; put one subfolder per class there and in "
        "'pictures/test', or change data.root; to read a study without its images, write data.holds: {classes: ..., "
        "images: ...}"
    ]
    (here / "pictures" / "train" / "one").mkdir(parents=True)
    assert lines_of(STUDY.replace("size: 16, ", "")) == [
        "x.yaml:3:3: data.size: missing; write the side in pixels that images are resized to",
        "x.yaml:3:33: data.root: 'pictures/train' holds fewer than two classes; put one subfolder per class there "
        "and in 'pictures/test', or change data.root; to read a study without its images, write data.holds: {classes: "
        "..., images: ...}",
    ]
    assert lines_of(STUDY.replace(", root: pictures", "")) == [
        "x.yaml:3:3: data.root: 'data/train' is no folder; put one subfolder per class there and in "
        "'data/test', or change data.root; to read a study without its images, write data.holds: {classes: ..., "
        "images: ...}"
    ]
