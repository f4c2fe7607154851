"""Tells sinks what happened: in order, at least once, and visibly when it cannot."""
