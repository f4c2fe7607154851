"""Drives of others, reached through their published interfaces; no script of theirs runs here."""
