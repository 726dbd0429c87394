"""Rows of the smallest record, and a real S3 API on a free loopback port."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator

import pytest

from twin_assets.records import Exclusion
from twin_assets_tests.ports import free_ports


@pytest.fixture
def row() -> Callable[..., Exclusion]:
    def make(key: str, detail: str = "", source: str = "blog") -> Exclusion:
        return Exclusion(key, "cleaning", source, "a.md", 1, "image", detail, "d1")

    return make


@pytest.fixture(scope="session")
def s3() -> Iterator[dict[str, str]]:
    """LanceDB's storage options for a bucket `twin` on moto's server; it ends with the tests."""
    (port,) = free_ports(1)
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "PYTHONWARNINGS": "ignore",
    }
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(endpoint, server)
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/twin", method="PUT"), timeout=30).close()
        yield {
            "aws_endpoint": endpoint,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
            "aws_region": "us-east-1",
            "allow_http": "true",
        }
    finally:
        server.kill()
        server.wait()


def _wait(endpoint: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("moto's server did not come up")
