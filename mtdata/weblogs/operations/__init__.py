"""What people and jobs have done with web logs: imports, comparisons, the quarantine."""
