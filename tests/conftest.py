"""What all tests share."""

pytest_plugins = ["tests.engines", "tests.world", "tests.answering"]
