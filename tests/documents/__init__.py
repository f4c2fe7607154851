"""Documents that tests write themselves, well and badly made."""
