"""From a study with a search and the records so far to the settings tried next, and to those chosen."""

from ablate.search.choice import CellSearch, decide, failed_trials

__all__ = ["CellSearch", "decide", "failed_trials"]
