"""Stores of bytes: a folder, or a bucket of a cloud."""
