"""Who may: users, roles, guests, tokens, and log-ins that count who guesses."""
