"""What must hold between the keys of `data:`, and what is known of image files without having them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ablate.errors import SpecError
from ablate.spec import load_study
from ablate.spec.architecture.reader import read_architecture
from ablate.spec.study.data_rules import check_data, check_testing
from ablate.spec.study.datasets import folder, image_shape, num_train_images
from ablate.spec.study.recipe import Data

HOLDS = {"classes": 5, "images": 100}
CONVOLUTION = {"branch": [{"conv3x3": {"channels": 2}}]}


def problems(dataset: str = "imagenet", **keys: Any) -> dict[str, str]:
    data = Data.model_validate_json(json.dumps({"dataset": dataset, **keys}))
    return {".".join(map(str, problem.location)): problem.message for problem in check_data(data)}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"resize": 256, "testing": {"crops": 10}},
        {"size": 160, "augment": {"scale": [160, 320], "flip": True, "color": "pca", "cutout": 40}},
        {"augment": {"crop": "random-resized", "area": [0.25, 1.0], "ratio": [1.0, 1.0]}, "loading": "streamed"},
        {"testing": {"scales": [224, 640]}, "loading": "cached"},
        {"dataset": "folder", "size": 32, "holds": HOLDS, "resize": 40, "testing": {"crops": 10}},
        {"dataset": "cifar10", "augment": {"color": "pca"}},
    ],
    ids=str,
)
def test_what_goes_together(keys: dict[str, Any]) -> None:
    assert problems(**keys) == {}


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"dataset": "cifar10", "resize": 40}, "resize", "is for image files (folder, imagenet), not for cifar10"),
        ({"dataset": "digits", "loading": "cached"}, "loading", "is for image files"),
        ({"dataset": "digits", "holds": HOLDS}, "holds", "is for image files"),
        ({"dataset": "svhn", "testing": {"crops": 10}}, "testing.crops", "is for image files"),
        ({"dataset": "svhn", "testing": {"scales": [32]}}, "testing.scales", "is for image files"),
        ({"dataset": "mnist", "augment": {"scale": [32, 40]}}, "augment.scale", "is for image files"),
        ({"dataset": "mnist", "augment": {"crop": "random-resized"}}, "augment.crop", "is for image files"),
        ({"augment": {"scale": [200, 400]}}, "augment.scale", "at least the size of 224 pixels, got 200"),
        ({"augment": {"scale": [480, 256]}}, "augment.scale", "must rise, got [480, 256]; write [256, 480]"),
        ({"augment": {"scale": [256, 480], "crop": "random-resized"}}, "augment.scale", "write one of them"),
        ({"augment": {"area": [0.1, 1.0]}}, "augment.area", "no effect without crop: random-resized"),
        ({"augment": {"crop": "random-resized", "area": [0.5, 1.5]}}, "augment.area", "at most 1, got 1.5"),
        ({"augment": {"crop": "random-resized", "ratio": [2.0, 0.5]}}, "augment.ratio", "must rise, got [2, 0.5]"),
        ({"augment": {"scale": [256, 480]}, "loading": "cached"}, "loading", "need the files in every epoch"),
        ({"augment": {"cutout": 225}}, "augment.cutout", "a square larger than the image, got 225 of 224 pixels"),
        ({"resize": 200}, "resize", "at least the size of 224 pixels, got 200"),
        ({"testing": {"crops": 10}}, "testing.crops", "the ten crops of 224 pixels are one"),
        ({"resize": 256, "testing": {"crops": 10, "scales": [256]}}, "testing.scales", "write one of them"),
        ({"holds": HOLDS}, "holds", "what imagenet holds is known"),
    ],
    ids=str,
)
def test_what_does_not_go_together(keys: dict[str, Any], place: str, message: str) -> None:
    found = problems(**keys)
    assert list(found) == [f"data.{place}"]
    assert message in found[f"data.{place}"]


def test_types_have_their_faults_at_their_lines(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "baseline:\n"
        "  architecture: {family: imagenet, depth: 18}\n"
        "  data:\n"
        "    dataset: imagenet\n"
        "    augment: {scale: [256], crop: random}\n"
        "    testing: {crops: 5}\n"
        "    holds: {classes: 1}\n"
    )
    with pytest.raises(SpecError) as caught:
        load_study(str(tmp_path / "x.yaml"))
    assert [str(fault).partition("x.yaml:")[2] for fault in caught.value.faults] == [
        "5:22: data.augment.scale: expected a list of 2 values, each a whole number above 0 or nothing, got [256]",
        "5:35: data.augment.crop: expected 'random-resized' or nothing, got 'random'; did you mean 'random-resized'?",
        "6:22: data.testing.crops: expected one of 1 or 10, got 5",
        "7:5: data.holds.images: missing; write a whole number above 0",
        "7:22: data.holds.classes: expected a whole number of at least 2, got 1",
    ]


@pytest.mark.parametrize(
    ("architecture", "scales", "places"),
    [
        ({"family": "imagenet", "depth": 18}, [64, 224, 640], []),
        ({"stages": [CONVOLUTION], "head": ["flatten", {"linear": {"features": "classes"}}]}, [224, 256], [1]),
    ],
    ids=["pooled", "flattened"],
)
def test_only_a_fully_convolutional_network_is_tested_at_several_scales(
    architecture: dict[str, Any], scales: list[int], places: list[int]
) -> None:
    network, found = read_architecture(architecture, {}, (3, 224, 224), 10)
    assert network is not None, found
    data = Data(dataset="imagenet", testing={"scales": tuple(scales)})
    wrong = check_testing(data, network)
    assert [problem.location for problem in wrong] == [("data", "testing", "scales", i) for i in places]


def test_imagenet_is_known_without_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ABLATE_DATA", str(tmp_path))
    data = Data(dataset="imagenet", validation=0.0)
    assert image_shape(data) == ((3, 224, 224), 1_000)
    assert num_train_images(data) == 1_281_167
    assert folder(data) == tmp_path
    (tmp_path / "imagenet").mkdir()
    assert folder(data) == tmp_path / "imagenet"


def test_a_folder_that_is_not_there_is_known_by_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(
        "baseline:\n"
        "  architecture: {family: cifar, depth: 8}\n"
        f"  data: {{dataset: folder, size: 32, root: {tmp_path}, holds: {{classes: 5, images: 100}}}}\n"
    )
    (cell,) = load_study(str(tmp_path / "x.yaml")).cells
    assert (cell.network.classes, num_train_images(cell.data)) == (5, 90)
    for number in range(4):
        (tmp_path / "train" / str(number)).mkdir(parents=True)
    with pytest.raises(SpecError, match=r"x.yaml:3:\d+: data.holds.classes: '.*train' holds 4 classes, got 5; correct"):
        load_study(str(tmp_path / "x.yaml"))
    (tmp_path / "train" / "4").mkdir()
    (with_holds,) = load_study(str(tmp_path / "x.yaml")).cells
    (without,) = load_study(str(tmp_path / "x.yaml"), ["baseline.data.holds=null"]).cells
    assert with_holds.identity == without.identity == cell.identity
