"""Tables of models: what is asked for, which votes it is made from, and what it says."""
