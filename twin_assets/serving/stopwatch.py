"""How long an answer takes, as whoever asked waits for it: searching and reading are part of it."""

import time


class Stopwatch:
    """Runs from when it is made. `first_token_s` is None until the first token came."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self.first_token_s: float | None = None

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return time.perf_counter() - self._began

    def token(self) -> None:
        """A token came; only the first one is timed."""
        if self.first_token_s is None:
            self.first_token_s = self.seconds
