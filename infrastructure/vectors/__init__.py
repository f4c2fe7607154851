"""Vector stores: where the meaning of passages is kept and searched."""
