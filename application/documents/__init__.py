"""What people know: their files, cut into passages that can be found."""
