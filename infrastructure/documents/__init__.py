"""What is known of the inside of files: texts, passages and the vector index."""
