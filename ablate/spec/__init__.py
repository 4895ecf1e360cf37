"""The language: YAML text becomes networks, cells, trials and claims, or a list of every fault."""

from ablate.spec.composer import read_document
from ablate.spec.document import Document
from ablate.spec.load import Architecture, load, load_architecture, load_study
from ablate.spec.network import Network, Operation, Unit
from ablate.spec.recipe import Data, Train
from ablate.spec.study import Cell, Claim, Study, Trial

__all__ = [
    "Architecture",
    "Cell",
    "Claim",
    "Data",
    "Document",
    "Network",
    "Operation",
    "Study",
    "Train",
    "Trial",
    "Unit",
    "load",
    "load_architecture",
    "load_study",
    "read_document",
]
