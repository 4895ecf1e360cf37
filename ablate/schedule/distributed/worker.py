"""What every process of a group does: train the packs that the desk hands to its leading one."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, replace
from typing import Any

import ray
import ray.train
import ray.train.torch

from ablate.errors import AblateError
from ablate.schedule.distributed.desk import Ended, Failed, Joined, Message, Sender
from ablate.schedule.packs import Pack
from ablate.schedule.trainable import Surroundings
from ablate.schedule.training import Settings, run_pack


@dataclass(frozen=True)
class Task:
    """What a group is told when it starts."""

    desk: Any  # the actor's handle
    group: Sender
    packs: Any  # reference to all of them, by number
    settings: Settings
    surroundings: Surroundings

    def tell(self, message: Message) -> Any:
        """Leave a message at the desk, without waiting for it."""
        return self.desk.put.remote(self.group, message)


def train_packs(config: dict[str, Any]) -> None:
    """Until the desk has no more. Called by Ray Train in every process, in its process group.

    Whichever process meets an error tells the desk: the others hang in their next message to it, and are then killed.
    """
    task: Task = config["task"]
    task.surroundings.enter()  # Ray has just moved to a folder of its own
    ray.get(task.tell(Joined(ray.get_runtime_context().current_actor)))
    from ablate.train.distributed import Group, GroupBroken, TrialFault

    context = ray.train.get_context()
    group = Group(context.get_world_rank(), context.get_world_size())
    try:
        _train(task, group)
    except GroupBroken:
        raise  # the process that has gone is the one that matters
    except Exception as error:
        if not isinstance(error, AblateError):
            error.add_note(traceback.format_exc())  # a traceback itself does not travel
        ray.get(task.tell(Failed(error.record if isinstance(error, TrialFault) else error)))
        raise


def _train(task: Task, group: Any) -> None:
    packs: list[Pack] = ray.get(task.packs)
    settings = replace(task.settings, device=_device(task.settings.device))
    while (number := group.agree(lambda: ray.get(task.desk.next.remote(task.group)))) is not None:
        run_pack(packs[number], settings, task.tell if group.leads else _ignore, group)
        if group.leads:
            task.tell(Ended())


def _ignore(message: Message) -> None:
    """What the leading process says is enough."""


def _device(name: str) -> str:
    """This process's own among the GPUs that the group has on this machine."""
    return name if name == "cpu" else str(ray.train.torch.get_device())
