"""The trial store: one JSON file per trial, written whole or not at all, read by anyone.

A record belongs to a trial's id, not to a study: studies share records, and a grown study trains only what is new.
"""

from ablate.records.record import FORMAT, Cost, Epoch, Outcome, Record
from ablate.records.store import Store

__all__ = ["FORMAT", "Cost", "Epoch", "Outcome", "Record", "Store"]
