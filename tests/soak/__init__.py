"""What breaks when everything is killed while people use it."""
