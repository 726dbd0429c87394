"""LiteLLM as the teacher uses it: silent, with its prices, and with its connections closed."""

import os
from typing import Any


def import_litellm() -> Any:
    """LiteLLM, kept from fetching a price map at import and from printing and logging what is asked."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    litellm.turn_off_message_logging = True
    return litellm


def usage(response: Any) -> tuple[int, int]:
    """Tokens of the prompt and of the answer, 0 where the server does not count them."""
    counted = getattr(response, "usage", None)
    return int(getattr(counted, "prompt_tokens", 0) or 0), int(getattr(counted, "completion_tokens", 0) or 0)


def price(response: Any) -> float:
    """US dollars by LiteLLM's price list, 0 for a model that it does not know."""
    try:
        return float(import_litellm().completion_cost(completion_response=response) or 0.0)
    except Exception:  # LiteLLM raises no narrower class for a model without a price
        return 0.0


async def close_clients() -> None:
    """LiteLLM keeps clients for good, though each is bound to an event loop that ends with `asyncio.run`."""
    litellm = import_litellm()
    await litellm.close_litellm_async_clients()
    litellm.in_memory_llm_clients_cache.flush_cache()


def never_connected(error: BaseException) -> bool:
    """Whether the request never reached a server, by the chain of causes: LiteLLM's own class does not say."""
    import httpx

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, httpx.ConnectError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
