"""How often hypothesis tries: 200 examples that are the same each time; `--hypothesis-profile=nightly` for 10,000."""

from hypothesis import settings

settings.register_profile("default", max_examples=200, deadline=None, derandomize=True)
settings.register_profile("nightly", max_examples=10_000, deadline=None)
settings.load_profile("default")
