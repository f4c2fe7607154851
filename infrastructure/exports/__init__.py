"""Judgements written to files."""
