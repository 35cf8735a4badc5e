"""How fast MTData is beside what bounds it: ratios, each measured side by side in one run."""
