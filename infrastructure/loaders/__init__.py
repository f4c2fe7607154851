"""Reading documents: every file in a process of its own, with limits, into one form of text."""
