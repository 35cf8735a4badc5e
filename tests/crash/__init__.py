"""A real process cut off anywhere in a round; what its tests share, and no test itself."""
