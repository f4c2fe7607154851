"""Sound: what is said in recordings, written down by servers."""
