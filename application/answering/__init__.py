"""The steps of answering, one per file."""
