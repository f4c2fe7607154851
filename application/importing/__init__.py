"""Judgements that were made elsewhere, read line by line."""
