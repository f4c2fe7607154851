"""Answers on their way from the worker that writes them to everybody who reads them."""
