"""Everything that nobody should send."""
