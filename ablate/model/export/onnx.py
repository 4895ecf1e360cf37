"""A network as ONNX, checked against onnxruntime before it is kept."""

from __future__ import annotations

import copy
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import nn

from ablate.errors import AblateError
from ablate.model.export.replacement import replacing
from ablate.spec.architecture import network as explicit

TOLERANCE = 1e-4  # of the largest logit


def to_onnx(module: nn.Module, network: explicit.Network, path: Path) -> None:
    """Write the network as it is in evaluation: `images (N, C, H, W)` -> `logits (N, classes)`, any N.

    Raises:
        AblateError: the extra `onnx` is not installed, the file cannot be written, or onnxruntime's logits differ.
    """
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise AblateError(f"ONNX needs {', '.join(missing)}; install ablate[onnx]")
    module = copy.deepcopy(module).cpu().float().eval()
    images = torch.randn(2, *network.input, generator=torch.Generator().manual_seed(0))
    with replacing(path) as part:
        _export(module, images, part)
        _check(module, torch.cat([images, -images[:1]]), part)


def _export(module: nn.Module, images: torch.Tensor, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own, on its own internals
        torch.onnx.export(
            module,
            (images,),
            path,
            input_names=["images"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("N")},),
            external_data=False,
            verbose=False,
        )


def _check(module: nn.Module, images: torch.Tensor, path: Path) -> None:
    onnxruntime = import_module("onnxruntime")

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (logits,) = session.run(["logits"], {"images": images.numpy()})
    with torch.no_grad():
        expected = module(images)
    difference = (torch.from_numpy(logits) - expected).abs().max().item()
    if not difference <= TOLERANCE * max(1.0, expected.abs().max().item()):
        raise AblateError(f"{path.name}: onnxruntime's logits differ from PyTorch's by {difference:g}; not written")
