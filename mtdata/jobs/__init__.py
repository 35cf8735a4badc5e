"""Jobs: what kinds there are, who carries them, and how one is stopped and taken back."""
