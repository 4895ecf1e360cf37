"""Scheduling: what is missing goes to Ray Tune (or runs in-process), what comes back is records."""

from ablate.schedule.options import Options
from ablate.schedule.run import run_trials
from ablate.schedule.study import run_study

__all__ = ["Options", "run_study", "run_trials"]
