"""What sinks are told, and how it is signed."""
