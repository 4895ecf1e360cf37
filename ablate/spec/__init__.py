"""The language: YAML text becomes networks, cells, trials and claims, or a list of every fault."""

from ablate.spec.architecture.network import Network, Operation, Unit
from ablate.spec.source.composer import read_document
from ablate.spec.source.document import Document
from ablate.spec.study.load import Architecture, load, load_architecture, load_study
from ablate.spec.study.recipe import Data, Train
from ablate.spec.study.study import Cell, Claim, Study, Trial

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
