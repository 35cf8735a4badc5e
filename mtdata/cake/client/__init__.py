"""CAKE: asking for clicks and conversions, reading what comes, and the columns of the files."""
