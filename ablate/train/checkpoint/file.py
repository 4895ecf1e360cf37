"""A checkpoint as one file: a SHA-256 of the rest, an identity, a position, tensors as safetensors; nothing that runs.

The first three are a line each. What does not match is not read further.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

import safetensors.torch
from torch import Tensor

from ablate.records import Store

FORMAT = 1
Identity = Mapping[str, str | int | None]  # what must be the same for the training to go on to the same bits


class Unusable(Exception):
    """A checkpoint that is not to be continued from; the message says why."""


def write_checkpoint(
    store: Store, trial_id: str, identity: Identity, position: str, tensors: Mapping[str, Tensor]
) -> None:
    """Write it whole; an older one stays until then.

    Args:
        store: where it is kept.
        trial_id: whose it is.
        identity: compared when it is read.
        position: one line of JSON.
        tensors: contiguous, on the CPU.

    Raises:
        OSError: the store cannot be written, or is full.
    """
    head = f"{json.dumps({'format': FORMAT, **identity})}\n{position}\n".encode()
    body = safetensors.torch.save(dict(tensors))
    digest = hashlib.sha256(head)
    digest.update(body)
    store.write_checkpoint(trial_id, digest.hexdigest().encode(), b"\n", head, body)


def read_checkpoint(store: Store, trial_id: str, identity: Identity) -> tuple[str, dict[str, Tensor]] | None:
    """The position and the tensors; None where there is no checkpoint.

    Raises:
        Unusable: it cannot be read, is damaged, or was made by something else.
    """
    try:
        content = store.read_checkpoint(trial_id)
    except OSError as error:
        raise Unusable(f"it cannot be read: {error.strerror or error}") from error
    if content is None:
        return None
    digest, _, rest = content.partition(b"\n")
    if hashlib.sha256(rest).hexdigest().encode() != digest:
        raise Unusable("it is damaged")
    found, position, body = rest.split(b"\n", 2)
    _compare(json.loads(found), {"format": FORMAT, **identity})
    return position.decode(), safetensors.torch.load(body)


def _compare(found: Identity, wanted: Identity) -> None:
    for name in wanted:
        if found.get(name) != wanted[name]:
            raise Unusable(f"it was made with {name} {found.get(name)}, and here it is {wanted[name]}")
