"""Weights as safetensors: names and tensors, nothing that runs when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ablate.errors import AblateError
from ablate.model.export.replacement import replacing


def save_weights(module: nn.Module, path: Path, metadata: Mapping[str, str] | None = None) -> None:
    """Write the state_dict, running statistics included; `metadata` says what it belongs to.

    Raises:
        AblateError: the file cannot be written; an older one stays as it was.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    try:
        with replacing(path) as part:
            save_file(tensors, part, dict(metadata or {}))
    except SafetensorError as error:  # how safetensors reports a full disk
        raise AblateError(f"{path}: cannot be written: {error}") from error


def load_weights(module: nn.Module, path: Path) -> None:
    """Read a state_dict into the module, all of it.

    Raises:
        AblateError: the file is missing, is not safetensors, or belongs to another network.
    """
    try:
        module.load_state_dict(load_file(path))
    except OSError as error:
        raise AblateError(f"{path}: cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise AblateError(f"{path}: not a safetensors file: {error}") from error
    except RuntimeError as error:
        raise AblateError(f"{path}: weights of another network: {error}") from error
