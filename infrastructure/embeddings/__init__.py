"""Turns texts into vectors: with a model on this machine, or by asking a server."""
