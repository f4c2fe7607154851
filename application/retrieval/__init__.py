"""How passages are found for a question, one step per file."""
