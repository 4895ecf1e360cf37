"""Everything a training depends on from here on: where it stands, and the tensors that change."""

from __future__ import annotations

import time
from collections.abc import Mapping

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from ablate.records import Epoch
from ablate.train.checkpoint.file import Unusable
from ablate.train.memory import peak_bytes
from ablate.train.progress import Progress
from ablate.train.randomness import read_states, write_states
from ablate.train.run import Run

Tensors = Mapping[str, Tensor]


class Position(BaseModel):
    """What of the state is no tensor. Seconds are those of all processes that have trained it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: int  # finished
    step: int  # finished, of the whole training
    history: tuple[Epoch, ...]
    num_images: int
    training_seconds: float
    epoch_seconds: float  # of the epoch under way
    seconds: float
    peak_memory: int


def capture(run: Run, progress: Progress) -> tuple[Position, dict[str, Tensor]]:
    """The state between two steps: network, momentum, streams, the order of the epoch under way and its results."""
    now = time.perf_counter()
    position = Position(
        epoch=run.epoch,
        step=run.step,
        history=tuple(progress.history),
        num_images=progress.num_images,
        training_seconds=progress.training_seconds,
        epoch_seconds=now - progress.epoch_start if progress.epoch_start else 0.0,
        seconds=now - progress.start,
        peak_memory=max(progress.peak_memory, peak_bytes(run.device)),
    )
    tensors = _network(run) | _momentum(run) | read_states(run.streams, run.device) | _epoch(run) | _gradients(run)
    return position, {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def restore(run: Run, progress: Progress, written: str, tensors: Tensors) -> None:
    """Bring a run that has just been prepared to the state: its position as JSON, its tensors.

    Raises:
        Unusable: the state is that of another network or another ablate; the run is as it was.
    """
    try:
        position = Position.model_validate_json(written)
    except ValidationError as error:
        raise Unusable("it was made by another version of ablate") from error
    if {name: t.shape for name, t in _network(run).items()} != _shapes(tensors, "network."):
        raise Unusable("it is of another network")
    run.module.load_state_dict({name.removeprefix("network."): tensors[name] for name in _network(run)})
    for name, parameter in run.module.named_parameters():
        if (momentum := tensors.get(f"momentum.{name}")) is not None:  # strides as the fused optimiser expects them
            run.optimiser.state[parameter]["momentum_buffer"] = torch.empty_like(parameter).copy_(momentum)
    write_states(tensors, run.streams, run.device)
    if "epoch.order" in tensors:
        run.order = tensors["epoch.order"]
        losses, errors = (tensors[f"epoch.{name}"].to(run.device).unbind() for name in ("losses", "errors"))
        run.results = list(zip(losses, errors, strict=True))
    run.gradients.update(_unpack_gradients(tensors, run.device))
    run.epoch, run.step = position.epoch, position.step
    _restore_progress(progress, position)


def _restore_progress(progress: Progress, position: Position) -> None:
    progress.history[:] = position.history
    progress.num_images = position.num_images
    progress.training_seconds = position.training_seconds
    progress.epoch_start = time.perf_counter() - position.epoch_seconds
    progress.start -= position.seconds
    progress.peak_memory = position.peak_memory


def _network(run: Run) -> dict[str, Tensor]:
    return {f"network.{name}": value for name, value in run.module.state_dict().items()}


def _momentum(run: Run) -> dict[str, Tensor]:
    buffers = {name: run.optimiser.state[p].get("momentum_buffer") for name, p in run.module.named_parameters()}
    return {f"momentum.{name}": buffer for name, buffer in buffers.items() if buffer is not None}


def _epoch(run: Run) -> dict[str, Tensor]:
    if run.order is None:
        return {}
    losses, errors = (torch.stack(column) for column in zip(*run.results, strict=True))
    return {"epoch.order": run.order, "epoch.losses": losses, "epoch.errors": errors}


def _gradients(run: Run) -> dict[str, Tensor]:
    stacked = {epoch: map(torch.stack, zip(*samples, strict=True)) for epoch, samples in run.gradients.items()}
    return {
        f"gradients.{kind}.{epoch}": norms
        for epoch, pair in stacked.items()
        for kind, norms in zip(("weights", "signals"), pair, strict=True)
    }


def _unpack_gradients(tensors: Tensors, device: torch.device) -> dict[int, list[tuple[Tensor, Tensor]]]:
    prefix = "gradients.weights."
    epochs = sorted(int(name.removeprefix(prefix)) for name in tensors if name.startswith(prefix))
    return {
        epoch: list(
            zip(
                *(tensors[f"gradients.{kind}.{epoch}"].to(device).unbind() for kind in ("weights", "signals")),
                strict=True,
            )
        )
        for epoch in epochs
    }


def _shapes(tensors: Tensors, prefix: str) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in tensors.items() if name.startswith(prefix)}
