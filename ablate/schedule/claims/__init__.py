"""A claim on a trial: who holds it is the only one that trains it, whichever process, driver or machine asks."""

from ablate.schedule.claims.claim import Claim, claim, claim_path, claimant, holders, is_held, tidy
from ablate.schedule.claims.lock import holder, take

__all__ = ["Claim", "claim", "claim_path", "claimant", "holder", "holders", "is_held", "take", "tidy"]
