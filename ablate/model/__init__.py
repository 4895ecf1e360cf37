"""The compiler: an explicit architecture becomes an nn.Module."""

from ablate.model.compiler import build
from ablate.model.initialisation import Rule, initialise
from ablate.model.network import Network
from ablate.model.operations import OPERATIONS

__all__ = ["OPERATIONS", "Network", "Rule", "build", "initialise"]
