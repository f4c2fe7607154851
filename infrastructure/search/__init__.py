"""Search engines of the web, and the pages they name."""
