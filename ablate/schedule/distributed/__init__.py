"""Trials that several processes train together, through Ray Train."""
