"""What Quire costs, measured beside the limit of the same run."""
