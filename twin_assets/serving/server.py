"""The web server: it drains on SIGTERM before it stops."""

import signal
import time
from types import FrameType

import uvicorn

from twin_assets.serving.service import Service


class DrainingServer(uvicorn.Server):
    """On the first signal `/readyz` turns 503 and no answer begins any more; those in the making end, or are cut off
    after `drain_s`; then the server stops. A second signal stops it at once."""

    def __init__(self, config: uvicorn.Config, service: Service) -> None:
        super().__init__(config)
        self._service = service
        self._until = 0.0
        self._signal = signal.SIGTERM

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal came."""
        if self._service.draining:
            super().handle_exit(sig, frame)
            return
        self._signal = signal.Signals(sig)
        self._until = time.monotonic() + self._service.settings.service.drain_s
        self._service.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; stops the server once nothing is in the making."""
        if self._service.draining and not self.should_exit:
            working = self._service.metrics.in_flight_now()
            if not working or time.monotonic() >= self._until:
                super().handle_exit(self._signal, None)
        return await super().on_tick(counter)
