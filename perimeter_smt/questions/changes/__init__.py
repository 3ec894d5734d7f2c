"""What a change of an organization opens and closes."""
