"""Settings for all tests: no test of hypothesis fails because a machine is slow."""

from hypothesis import settings

settings.register_profile("livereduce", deadline=None)
settings.load_profile("livereduce")
