"""What is told to people: incidents, notices, mail, web hooks; it decides nothing of a duty."""
