"""Orders passages by reading them together with the question."""
