"""Packs go to Ray Tune, their events come back."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ray import tune
from ray.air._internal import usage

from ablate.schedule.allotment import read_nodes
from ablate.schedule.cluster import Resources
from ablate.schedule.deaths import Judge
from ablate.schedule.packs import Pack
from ablate.schedule.relay import Queue, Relay
from ablate.schedule.trainable import PackTrainable, Surroundings
from ablate.schedule.training import Emit, Settings


@dataclass(frozen=True)
class TuneExecutor:
    """Trains in `num_processes` reused actors of the Ray that is running."""

    settings: Settings
    resources: Resources
    num_processes: int
    folder: Path  # for Tune's own files
    count: Callable[[], int] | None = None  # how many processes there may be by now; None for always as many
    surroundings: Surroundings = field(default_factory=Surroundings.here)

    def apart(self) -> TuneExecutor | None:
        """One process that fills the machine that has the most memory; None where it is only one as it is."""
        if self.num_processes == 1:
            return None
        nodes = [node for node in read_nodes(local=False) if node.gpus or not self.resources.gpus]
        most = max(nodes, key=lambda node: (node.cpus > 0, node.memory or 0))
        resources = Resources(most.cpus, most.gpus if self.resources.gpus else 0.0)
        return replace(self, resources=resources, num_processes=1, count=None)

    def __call__(self, packs: Sequence[Pack], emit: Emit, judge: Judge) -> None:
        """Train the packs in their order.

        Raises:
            AblateError: what a worker could not go on with.
        """
        queue = Queue(self.num_processes, self.count or (lambda: self.num_processes))
        relay = Relay(packs, emit, judge, queue)
        _count_no_usage()
        try:
            self._create_tuner(relay).fit()
        except KeyboardInterrupt:
            relay.halt.error = KeyboardInterrupt()
        if relay.halt.error:
            gc.collect()  # actors live as long as Tune's handles, which nothing but cycles holds any more
            raise relay.halt.error

    def _create_tuner(self, relay: Relay) -> tune.Tuner:
        gpus = self.resources.gpus or 0
        trainable = tune.with_parameters(
            PackTrainable,
            packs=relay.packs,
            settings=replace(self.settings, is_shared=self.num_processes > 1),
            surroundings=self.surroundings,
        )
        return tune.Tuner(
            tune.with_resources(trainable, {"cpu": self.resources.cpus, "gpu": gpus}),
            param_space={"pack": tune.grid_search(list(range(len(relay.packs))))},
            tune_config=tune.TuneConfig(
                reuse_actors=True,
                search_alg=relay.queue,
                trial_dirname_creator=lambda trial: str(trial.trial_id),
            ),
            run_config=tune.RunConfig(
                storage_path=str(self.folder / "tune"),
                verbose=0,
                callbacks=[relay],
                stop=relay.halt,
                failure_config=tune.FailureConfig(max_failures=-1),  # `judge` decides
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
            ),
        )


def _count_no_usage() -> None:
    """Where Ray's usage statistics are off, keep Tune from importing MLflow and W&B (1.7 s) to count callbacks."""
    if os.environ.get("RAY_USAGE_STATS_ENABLED") == "0":
        usage.tag_callbacks = lambda callbacks: False
