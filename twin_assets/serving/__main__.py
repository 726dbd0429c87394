"""`python -m twin_assets.serving`: the twin service on the loopback interface."""

import sys

from twin_assets.errors import TwinError
from twin_assets.serving.app import create_app
from twin_assets.serving.search import FeatureStoreSearch
from twin_assets.settings import Settings, load_settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; answers in flight get ten seconds to end."""
    import uvicorn

    search = FeatureStoreSearch(settings)
    search.warm()
    app = create_app(settings, search)
    uvicorn.run(
        app, host="127.0.0.1", port=settings.ports.service, log_level="info", timeout_graceful_shutdown=10, ws="none"
    )


def main() -> int:
    """Read the settings and serve; a fault of the configuration is one message and exit code 2."""
    try:
        serve(load_settings())
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
