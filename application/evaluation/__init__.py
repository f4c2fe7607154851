"""What votes say about models: which of them count, and the numbers that follow."""
