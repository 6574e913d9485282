"""Authorization: who may do what, as the authorizers in force decide it."""
