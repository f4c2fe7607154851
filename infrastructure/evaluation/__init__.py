"""Tables of models: read, folded, fitted, remembered."""
