"""Who may: users, roles, guests, tokens, and doors that count who guesses."""
