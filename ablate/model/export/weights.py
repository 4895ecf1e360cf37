"""Weights as safetensors: names and tensors, nothing that runs when it is loaded."""

from __future__ import annotations

from collections.abc import Mapping

import safetensors.torch
from safetensors import SafetensorError
from torch import nn

from ablate.errors import AblateError


def dump_weights(module: nn.Module, metadata: Mapping[str, str] | None = None) -> bytes:
    """The content of a file with the state_dict, running statistics included; `metadata` says what it belongs to."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in module.state_dict().items()}
    content: bytes = safetensors.torch.save(tensors, dict(metadata or {}))
    return content


def load_weights(module: nn.Module, content: bytes, origin: object) -> None:
    """Read a state_dict into the module, all of it.

    Args:
        module: of the same network.
        content: of a safetensors file.
        origin: where it is from, for a person.

    Raises:
        AblateError: it is not safetensors, or belongs to another network.
    """
    try:
        module.load_state_dict(safetensors.torch.load(content))
    except SafetensorError as error:
        raise AblateError(f"{origin}: not a safetensors file: {error}") from error
    except RuntimeError as error:
        raise AblateError(f"{origin}: weights of another network: {error}") from error
