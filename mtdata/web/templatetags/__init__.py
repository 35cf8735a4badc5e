"""What templates may call; it decides nothing."""
