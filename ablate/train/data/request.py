"""One image file as it is asked for, and batches of them; in a process of any kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from ablate.errors import DataError
from ablate.train.data.views import View

MOST_NAMED = 5  # unreadable files named in a message; the rest are counted
Group = tuple[Tensor, Tensor]  # positions (G,) within a batch, and their pixels (G, ...) of one shape
Read = list[Group] | list[str]  # a batch, or what is wrong with files of it


@dataclass(frozen=True)
class Request:
    """One file, how it is to be seen, and the seed of what is random in that."""

    file: str
    view: View
    seed: int | None = None


def read_now(requests: Iterable[Request]) -> list[Group]:
    """The pixels of one batch, read by this process.

    Raises:
        DataError: as `Reader.read`.
    """
    return check_batch(collate([read_file(request) for request in requests]))


def name_some(faults: Sequence[str]) -> str:
    """The faults, a line each; of many the first few and how many more."""
    more = f"\n... and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
    return "\n".join(faults[:MOST_NAMED]) + more


def read_file(request: Request) -> Tensor | str:
    """The pixels, or what is wrong with the file. PyTorch's generator is left as it was."""
    try:
        with Image.open(request.file) as image:
            picture = image.convert("RGB")
        if request.seed is None:
            return request.view(picture)
        before = torch.get_rng_state()
        torch.default_generator.manual_seed(request.seed)
        try:
            return request.view(picture)
        finally:
            torch.set_rng_state(before)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # what Pillow raises
        return f"{request.file}: not a readable image ({error}); replace or remove it"


def collate(read: Sequence[Tensor | str]) -> Read:
    """Images of one shape together; what is wrong with files goes before all."""
    if faults := [fault for fault in read if isinstance(fault, str)]:
        return faults
    groups: dict[torch.Size, list[tuple[int, Tensor]]] = defaultdict(list)
    for position, pixels in enumerate(read):
        if isinstance(pixels, Tensor):
            groups[pixels.shape].append((position, pixels))
    return [(torch.tensor([i for i, _ in some]), torch.stack([p for _, p in some])) for some in groups.values()]


def check_batch(read: Read) -> list[Group]:
    """The batch.

    Raises:
        DataError: there is something wrong with files of it.
    """
    if faults := [fault for fault in read if isinstance(fault, str)]:
        raise DataError(name_some(faults))
    return [group for group in read if not isinstance(group, str)]
