"""Judgements as data sets for those who train and evaluate models."""
