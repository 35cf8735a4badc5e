"""Programme data: teams and form responses, brought in with stop and undo, and given out."""
