"""The pages, a room each; addresses and roles stand in `routes`."""
