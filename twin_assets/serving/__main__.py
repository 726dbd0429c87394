"""`python -m twin_assets.serving`: the twin service, on the loopback interface unless the settings say otherwise."""

import sys

from twin_assets.errors import ConfigError, TwinError
from twin_assets.machine.allocator import give_back_freed_memory
from twin_assets.serving.app import create_app
from twin_assets.serving.keys import local_key_file
from twin_assets.serving.request_log import LOGGER, set_up_logging
from twin_assets.serving.search import FeatureStoreSearch
from twin_assets.serving.server import DrainingServer
from twin_assets.serving.service import Service
from twin_assets.settings import Settings, load_settings


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; answers in flight get `service.drain_s` to end.

    Raises ConfigError: the service can be reached from elsewhere, and there is no key.
    """
    import uvicorn

    set_up_logging()
    search = FeatureStoreSearch(settings)
    search.warm()
    app = create_app(settings, search)
    service: Service = app.state.service
    open_to(service)
    config = uvicorn.Config(
        app,
        host=settings.service.host,
        port=settings.ports.service,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,
        ws="none",
    )
    DrainingServer(config, service).run()


def open_to(service: Service) -> None:
    """Say who may use the service; where keys are needed, there must be an owner's, and one for this machine is made.

    Raises ConfigError.
    """
    if not service.exposed:
        LOGGER.info(
            "No key is needed: only this machine reaches the service, and whoever uses it is taken for the owner."
        )
        return
    if not any(key.scope == "owner" for key in service.keys.all()):
        raise ConfigError(
            f"the service can be reached from elsewhere (service.host {service.settings.service.host!r}, service.hosts "
            f"{list(service.settings.service.hosts)}), and there is no owner's key",
            "make one: `twin keys add me --scope owner`; or leave both on the loopback interface",
        )
    service.keys.make_local(local_key_file(service.settings))
    LOGGER.info("Keys are needed: the service can be reached from elsewhere. End TLS in front of it.")


def main() -> int:
    """Read the settings and serve; a fault of the configuration is one message and exit code 2."""
    give_back_freed_memory()
    try:
        serve(load_settings())
    except TwinError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
