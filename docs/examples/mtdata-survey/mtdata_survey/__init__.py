"""What a package of somebody else adds to MTData; nothing is done when it is imported."""
