"""Whether a pool is what its ledger says, and what makes it so again."""
