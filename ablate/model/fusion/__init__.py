"""Several networks of one explicit form as one network with grouped operations: no member can touch another."""

from ablate.model.fusion.members import adopt
from ablate.model.fusion.network import build_fused
from ablate.model.fusion.table import fused_operations

__all__ = ["adopt", "build_fused", "fused_operations"]
