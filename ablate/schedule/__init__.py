"""Scheduling: what is missing goes to Ray Tune (or runs in-process), what comes back is records."""
