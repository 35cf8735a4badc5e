"""What is true of packages, rows and receipts; no clock, disk, network or database here."""
