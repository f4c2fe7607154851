"""What all tests share."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.engines", "tests.world", "tests.answering"]

# A machine may be slow, and busy with other tests.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
