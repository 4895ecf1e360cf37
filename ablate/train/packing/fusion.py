"""Members at the same point of their trainings as one network: an epoch of all, an evaluation of all.

Legend: B batch, M members.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from ablate.model import Network
from ablate.model.fusion import adopt, build_fused
from ablate.spec.architecture import network as explicit
from ablate.train.data import Split
from ablate.train.data.split import Feed
from ablate.train.loop import Means, average, cut, draw_batches, end_epoch, feed_batches
from ablate.train.packing.step import FusedStep, join_optimisers, measure_each, num_errors_each
from ablate.train.run import DTYPES, Run
from ablate.train.step import Manner
from ablate.train.step.graph import GraphedStep, record_on_cuda
from ablate.train.step.losses import precision
from ablate.train.step.preservation import look_on
from ablate.train.step.recomputation import recompute

Note = Callable[[str], None]


class Fusion:
    """The members' networks are views of the fused one from now on, so each can be looked at and saved at any time.

    Args:
        network: the explicit form of them all.
        members: at the same epoch, with the same number of its steps taken.
        manner: how steps are taken; a fused network is never compiled.
        note: told what a person should know.
    """

    def __init__(self, network: explicit.Network, members: Sequence[Run], manner: Manner, note: Note) -> None:
        first = members[0]
        self.members = members
        module = build_fused(network, len(members), first.device, DTYPES[first.recipe.precision])
        adopt(module, [run.module for run in members])
        self.module: Network = module
        self.run = replace(first, module=module, optimiser=join_optimisers(module, members), watch=lambda: None)
        step = FusedStep(self.run, members)
        if manner.recompute == "on":
            recompute(module)
        record = partial(record_on_cuda, streams=[run.streams.augmentation for run in members])
        is_graphed = manner.graphs and first.device.type == "cuda"
        self.run.take_step = GraphedStep(step, record, note) if is_graphed else step

    def train_epoch(self, on_step: Callable[[], None]) -> list[Means]:
        """As `loop.train_epoch`, for every member."""
        for module in (self.module, *[run.module for run in self.members]):
            module.train()
        feeds = [feed_batches(run, draw_batches(run)) for run in self.members]
        for feed in zip(*feeds, strict=True):
            self.take_step(feed)
            on_step()
        return [end_epoch(run) for run in self.members]

    def take_step(self, feeds: Sequence[Feed]) -> None:
        """One step of every member."""
        for run, feed in zip(self.members, feeds, strict=True):
            run.set_learning_rate()
            look_on(run, feed)
        losses, errors = self.run.take_step(*[tensor for feed in feeds for tensor in feed])
        for run, loss, error in zip(self.members, losses.unbind(), errors.unbind(), strict=True):
            run.results.append((loss, error))
            run.step += 1

    @torch.inference_mode()
    def evaluate(self, split: Split) -> list[Means]:
        """As `loop.evaluate`, for every member, on the same batches."""
        self.module.eval()
        batches = cut(split)
        results: list[list[tuple[Tensor, Tensor]]] = [[] for _ in self.members]
        for pixels, labels in split.batches(batches):
            images = self.run.splits.normalisation(pixels).repeat(1, len(self.members), 1, 1)
            with precision(self.run):
                logits = self.module(images.contiguous(memory_format=torch.channels_last))
                each = labels[:, None].expand(-1, len(self.members))
                found = measure_each(logits, each), num_errors_each(logits, each)
            for result, loss, errors in zip(results, *[column.unbind() for column in found], strict=True):
                result.append((loss, errors))
        return [average(result, [len(batch) for batch in batches]) for result in results]
