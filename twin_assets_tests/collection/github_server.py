"""A server that speaks GitHub's REST API, with the accounts and repositories that a test gives it."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from twin_assets.collection.web.github import GitHub
from twin_assets.digests import document_id
from twin_assets.settings import SourceConfig
from twin_assets_tests.collection.visits import Run, Source
from twin_assets_tests.loopback import Loopback, Request, Response

CODE = "def add(a, b):\n    return a + b\n"
FILES = {"README.md": "# Adder\n\nIt adds.\n", "docs/guide.rst": "Guide\n=====\n\nAdd two.\n", "src/add.py": CODE}
TREE = "/repos/jo/adder/git/trees/main"
Files = Mapping[str, str | bytes]


def blob_id(content: str | bytes) -> str:
    """The id that git gives this content."""
    content = content.encode() if isinstance(content, str) else content
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@dataclass
class Hub:
    """The server. Each answer has an ETag; `per_page` repositories are listed at once, with a Link to the next."""

    site: Loopback
    per_page: int = 100
    token_of: str = "jo"
    pushes: int = 0
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The repositories by `<owner>/<name>`, as they are listed."""

    def __post_init__(self) -> None:
        self.site.routes |= {
            "/users/jo/repos": self._listed,
            "/user/7/repos": self._listed,
            "/user/repos": self._own_private,
        }

    @property
    def asked(self) -> list[str]:
        """The paths of all requests, in order."""
        return [request.path for request in self.site.requests]

    def source(self, url: str = "github:jo", token: str = "", **config: Any) -> Source:
        """A source here, to be run several times."""
        return Source(GitHub(api=self.site.url, token=token), SourceConfig(name="code", url=url, **config))

    def put(self, name: str, files: Files, *, commits: Mapping[str, int] | None = None, **facts: Any) -> None:
        """Make a repository, or push to it: its default branch holds these files now.

        `commits` counts its commits by handle.
        """
        self.pushes += 1
        pushed_at = f"2024-01-{self.pushes:02}T00:00:00Z"
        given: dict[str, Any] = {"full_name": name, "html_url": f"https://github.com/{name}", "default_branch": "main"}
        given |= {"private": False, "fork": False, "mirror_url": None, "disabled": False, "archived": False}
        self.facts[name] = given | self.facts.get(name, {}) | {"pushed_at": pushed_at} | facts
        contributors = [{"login": login, "contributions": n} for login, n in (commits or {"jo": 9}).items()]
        self.answer(f"/repos/{name}", self.facts[name])
        self.answer(f"/repos/{name}/contributors", contributors)
        self.site.routes[f"/repos/{name}/git/trees/{self.facts[name]['default_branch']}"] = self._tree(name, files)
        for content in files.values():
            data = content.encode() if isinstance(content, str) else content
            value = {"encoding": "base64", "content": base64.encodebytes(data).decode(), "sha": blob_id(data)}
            self.answer(f"/repos/{name}/git/blobs/{blob_id(data)}", value)

    def history(self, name: str, commits: Mapping[str, list[str]]) -> None:
        """Who made the commits of each file, the newest first; each a day before the last one."""

        def listed(request: Request) -> Response:
            handles = commits.get(request.query["path"], [])
            days = range(len(handles), 0, -1)
            signed = [
                {"name": handle.title(), "date": f"2023-05-{day:02}T12:00:00Z"}
                for day, handle in zip(days, handles, strict=True)
            ]
            return reply(
                [{"author": {"login": h}, "commit": {"author": s}} for h, s in zip(handles, signed, strict=True)],
                request,
            )

        self.site.routes[f"/repos/{name}/commits"] = listed

    def answer(self, path: str, value: Any) -> None:
        """Answer a path with JSON."""
        self.site.routes[path] = lambda request: reply(value, request)

    def tree(self, name: str, identity: str, files: Files, folders: Mapping[str, str] | None = None) -> None:
        """Answer for a tree below a repository's own; `folders` are ids by name."""
        below = [{"path": path, "type": "tree", "mode": "040000", "sha": sha} for path, sha in (folders or {}).items()]
        self.answer(f"/repos/{name}/git/trees/{identity}", {"sha": identity, "tree": [*entries(files), *below]})

    def _tree(self, name: str, files: Files) -> Any:
        sha = hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()
        return lambda request: reply({"sha": sha, "tree": entries(files), "truncated": False}, request)

    def _listed(self, request: Request) -> Response:
        public = [facts for facts in self.facts.values() if not facts["private"]]
        return self._page(public, request, "/user/7/repos")

    def _own_private(self, request: Request) -> Response:
        if "authorization" not in request.headers:
            return Response("{}", 401)
        return self._page([facts for facts in self.facts.values() if facts["private"]], request, "/user/repos")

    def _page(self, repositories: list[Any], request: Request, following: str) -> Response:
        page = int(request.query["page"])
        end = page * self.per_page
        query = "&".join(f"{k}={v}" for k, v in request.query.items() if k != "page")
        link = f'<{self.site.url}{following}?{query}&page={page + 1}>; rel="next", <{self.site.url}/last>; rel="last"'
        headers = {"Link": link} if end < len(repositories) else {}
        return reply(repositories[end - self.per_page : end], request, headers)


def entries(files: Files) -> list[dict[str, Any]]:
    """Files as a tree lists them."""
    return [
        {"path": path, "type": "blob", "mode": "100644", "sha": blob_id(content), "size": len(content)}
        for path, content in files.items()
    ]


def reply(value: Any, request: Request, headers: Mapping[str, str] | None = None) -> Response:
    """JSON with its ETag; 304 to whoever has it."""
    body = json.dumps(value)
    tag = f'W/"{hashlib.sha1(body.encode()).hexdigest()}"'
    headers = {**(headers or {}), "ETag": tag, "Content-Type": "application/json; charset=utf-8"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, headers)
    return Response(body, 200, headers)


def identity(path: str, repository: str = "jo/adder") -> str:
    """The document id of a file."""
    return document_id("git", f"https://github.com/{repository}/{path}")


def file_names(run: Run) -> list[str]:
    """Which files a run gave documents of."""
    return sorted(document.file for document in run.documents.values())


def reasons(run: Run) -> dict[str, str]:
    """Why a run set files aside."""
    return {exclusion.file: exclusion.reason for exclusion in run.exclusions}
