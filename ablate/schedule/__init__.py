"""Scheduling: what is missing goes to Ray Tune (or runs in-process), what comes back is records."""

from ablate.schedule.run import run_trials

__all__ = ["run_trials"]
