"""Uploads: streamed, capped, examined, and gone without a trace when anything is wrong with them."""

import io
import json
import socket
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from twin_assets.serving.app import create_app
from twin_assets.serving.uploads import safe_name
from twin_assets.settings import ROOT, Settings, load_sources

EXPORT = ROOT / "sample_author" / "exports" / "x.zip"
Archive = Callable[..., bytes]


def archive(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members:
            file.writestr(name, content)
    return out.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def left(settings: Settings) -> list[Path]:
    folder = settings.home / "uploads"
    return sorted(folder.rglob("*")) if folder.is_dir() else []


def test_an_export_becomes_a_source(api: httpx.Client, own_settings: Settings):
    with EXPORT.open("rb") as file:
        answer = api.post("/api/uploads", files={"file": ("my tweets.zip", file, "application/zip")})
    assert answer.status_code == 201
    upload = answer.json()
    assert (upload["kind"], upload["name"], upload["bytes"]) == ("x", "my tweets.zip", EXPORT.stat().st_size)
    stored = own_settings.home / "uploads" / upload["upload_id"] / "my tweets.zip"
    assert stored.read_bytes() == EXPORT.read_bytes()
    assert stat.S_IMODE(stored.parent.stat().st_mode) == 0o700
    added = api.post("/api/sources", json={"upload_id": upload["upload_id"]}).json()["source"]
    assert (added["name"], added["kind"], added["path"]) == ("my-tweets", "x", str(stored))
    assert own_settings.sources_file is not None
    assert load_sources(own_settings.sources_file).sources[-1].path == stored
    assert api.delete("/api/sources/my-tweets?forget=true").status_code == 200
    assert left(own_settings) == []


def test_a_raw_body_is_taken_with_its_name(api: httpx.Client, own_settings: Settings):
    answer = api.post("/api/uploads?name=x.zip", content=EXPORT.read_bytes())
    assert (answer.status_code, answer.json()["kind"]) == (201, "x")
    assert api.post("/api/uploads", content=b"abc").json()["error"]["param"] == "name"


def test_a_form_is_read_whatever_pieces_it_comes_in(api: httpx.Client, own_settings: Settings):
    content = b"# A letter\r\n--x\r\nwith what looks like a boundary\r\n--xy\r\n" * 20
    head = b'--xx\r\nContent-Disposition: form-data; name="note"\r\n\r\nhello\r\n'
    head += b'--xx\r\nContent-Disposition: form-data; name="file"; filename="letter.md"\r\n\r\n'
    form = head + content + b"\r\n--xx--\r\n"
    for size in (1, 7, 1000, len(form)):
        pieces = (form[i : i + size] for i in range(0, len(form), size))
        headers = {"Content-Type": "multipart/form-data; boundary=xx"}
        answer = api.post("/api/uploads", content=pieces, headers=headers)
        assert answer.status_code == 201, answer.text
        stored = own_settings.home / "uploads" / answer.json()["upload_id"] / "letter.md"
        assert stored.read_bytes() == content


def test_what_is_no_source_by_itself_is_kept_with_advice(api: httpx.Client):
    answer = api.post("/api/uploads?name=notes.bin", content=b"\x00\x01").json()
    assert answer["kind"] is None
    assert "notes.bin" in answer["advice"]
    assert "/" not in answer["advice"].split(".")[0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (archive(("../../evil.md", b"text")), "outside"),
        (archive(("/etc/cron.d/evil.md", b"text")), "outside"),
        (archive((link("letters.md"), b"/etc/passwd")), "symbolic link"),
        (archive(("data/tweets.js", b"0" * (64 << 20))), "as no text does"),
        (EXPORT.read_bytes()[:2000], "damaged"),
        (b"", "empty"),
    ],
    ids=["parent", "root", "link", "bomb", "cut off", "empty"],
)
def test_a_hostile_or_broken_archive_is_refused_and_removed(
    api: httpx.Client, own_settings: Settings, content: bytes, said: str
):
    refused = api.post("/api/uploads", files={"file": ("export.zip", content)})
    assert refused.status_code == 400
    assert said in refused.json()["error"]["message"]
    assert left(own_settings) == []


def test_a_file_above_the_limit_is_refused_and_removed(own_settings: Settings, served: Any, search: Any):
    limits = own_settings.service.model_copy(update={"upload_bytes": 100_000})
    settings = own_settings.model_copy(update={"service": limits})
    with served(create_app(settings, search, Path)) as url, httpx.Client(base_url=url) as client:
        assert client.post("/api/uploads?name=big.md", content=b"a" * 200_000).status_code == 413
        # Without a Content-Length, too.
        endless = (b"a" * 10_000 for _ in range(20))
        assert client.post("/api/uploads?name=big.md", content=endless).status_code == 413
        assert left(settings) == []
        assert client.post("/api/uploads?name=small.md", content=b"a" * 100_000).status_code == 201


def test_an_upload_that_is_broken_off_leaves_nothing(own_settings: Settings, served: Any, search: Any):
    with served(create_app(own_settings, search, Path)) as url:
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST /api/uploads?name=a.md HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5000\r\n\r\n"
            connection.sendall(head.encode() + b"a" * 100)
            connection.shutdown(socket.SHUT_WR)
            connection.settimeout(20)
            connection.recv(1000)
    # The server has ended, and with it what it was at.
    assert (own_settings.home / "uploads").is_dir()
    assert left(own_settings) == []


def test_a_malformed_form_is_refused(api: httpx.Client, own_settings: Settings):
    for content, kind in (
        (b"--xx\r\nnonsense", "multipart/form-data; boundary=xx"),
        (b"--yy\r\n\r\n--yy--", "multipart/form-data; boundary=xx"),
        (
            b'--xx\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--xx--\r\n',
            "multipart/form-data; boundary=xx",
        ),
        (
            b'--xx\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncut',
            "multipart/form-data; boundary=xx",
        ),
        (b"--xx\r\nX: " + b"a" * 9000, "multipart/form-data; boundary=xx"),
        (b"abc", "multipart/form-data"),
    ):
        refused = api.post("/api/uploads?name=a.md", content=content, headers={"Content-Type": kind})
        assert refused.status_code == 400, content[:60]
        assert json.loads(refused.text)["error"]["code"] == "invalid_value"
    assert left(own_settings) == []


def test_a_name_never_leads_anywhere():
    assert safe_name("../../etc/passwd") == "passwd"
    assert safe_name("C:\\Users\\ada\\export.zip") == "export.zip"
    assert safe_name(".ssh") == "ssh"
    assert safe_name("a\x00b\n.zip") == "ab.zip"
    assert safe_name("..") == "upload"
    assert safe_name("é" * 500 + ".zip").endswith(".zip")
    assert len(safe_name("é" * 500 + ".zip").encode()) <= 255


def test_an_unknown_upload_makes_no_source(api: httpx.Client):
    assert api.post("/api/sources", json={"upload_id": "0" * 32}).status_code == 404
    assert api.post("/api/sources", json={"upload_id": "../../../etc"}).status_code == 400
