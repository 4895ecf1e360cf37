"""The command line: thin commands over the rooms of the house; heavy imports stay inside them."""

from ablate.cli.main import main

__all__ = ["main"]
