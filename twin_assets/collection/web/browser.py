"""A Chromium of the system, started for one page: with an empty profile, nothing of our environment, and no network.

Its proxy and every host name lead nowhere, so what is not given to it by hand reaches nothing: neither web sockets,
workers, pop-ups nor prefetching.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from twin_assets.errors import FetchError

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_START_S = 30.0
_FLAGS = (
    "--headless",
    "--remote-debugging-port=0",
    "--proxy-server=http://nowhere.invalid:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # its name in older versions
    "--disable-quic",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--js-flags=--max-old-space-size=512",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
    "--use-mock-keychain",
    "about:blank",
)


def find_browser(configured: str) -> str:
    """The path of a Chromium: the configured one, else one of the system.

    Raises FetchError (reason `connection`) when there is none.
    """
    if configured:
        if found := shutil.which(Path(configured).expanduser()):
            return found
        problem = f"there is no browser at {configured!r}"
        raise FetchError(problem, "correct `collection: browser` in twin.yaml", reason="connection")
    candidates = (*_NAMES, *_APPLICATIONS)
    if found := next(filter(None, map(shutil.which, candidates)), None):
        return found
    raise FetchError(
        "no Chromium was found, and the page has no text unless a browser renders it",
        "install Chromium, or set `collection: browser` in twin.yaml to the path of one",
        reason="connection",
    )


def is_installed(configured: str) -> bool:
    """Whether `find_browser` finds one."""
    try:
        find_browser(configured)
    except FetchError:
        return False
    return True


@contextlib.asynccontextmanager
async def running(executable: str) -> AsyncIterator[str]:
    """A browser that runs until the block ends; gives the address of its DevTools.

    Raises FetchError (reason `connection`) when it does not come up.
    """
    with tempfile.TemporaryDirectory(prefix="twin-browser-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        with (profile / "errors").open("wb") as errors:
            # Its own session, so that all of its processes end together.
            process = subprocess.Popen(
                [executable, *_sandbox(), f"--user-data-dir={profile / 'profile'}", *_FLAGS],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=_environment(profile),
                start_new_session=True,
            )
        try:
            yield await _endpoint(process, profile)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _sandbox() -> tuple[str, ...]:
    """Chromium has no sandbox for root, and does not start without being told that this is known."""
    return ("--no-sandbox",) if os.geteuid() == 0 else ()


def _environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "TMPDIR": str(home), "PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


async def _endpoint(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Chromium writes its DevTools' port and path into its profile once it listens."""
    told = profile / "profile" / "DevToolsActivePort"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_START_S):
            while process.poll() is None:
                lines = told.read_text().split() if told.is_file() else []
                if len(lines) == 2:
                    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                await asyncio.sleep(0.05)
    said = (profile / "errors").read_text(errors="replace")
    if "sandbox" in said:
        remedy = "let this user make user namespaces, which Chromium's sandbox needs, or install it from a package"
    else:
        remedy = "start it by hand to see what it lacks, or set `collection: browser` in twin.yaml to another one"
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "it says nothing")
    problem = f"the browser {str(process.args[0])!r} did not start: {last.strip()[:200]}"  # type: ignore[index]
    raise FetchError(problem, remedy, reason="connection")
