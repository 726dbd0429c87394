"""Where a repository lies: one address for all the ways in which git can reach it, and links to its files."""

import os
import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

_SCP = re.compile(r"(?:[^@/\s]+@)?(?P<host>[\w.-]{2,}):(?P<path>[^:].*)", re.ASCII)
"""`git@host:owner/repository.git`. One letter before the colon is a drive on Windows, two colons a transport helper."""
_HOSTS = {
    "www.github.com": "github.com",
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
"""Further names of a host: for browsers, and for ssh through a firewall."""
_LINKS = {
    "github.com": "{repository}/blob/{branch}/{path}",
    "gitlab.com": "{repository}/-/blob/{branch}/{path}",
    "codeberg.org": "{repository}/src/branch/{branch}/{path}",
}
_HOST = re.compile(r"[\w-][\w.-]*", re.ASCII)
_PATH_SAFE = "/%!$&'()*+,;=:@~"
_WEB = ("http", "https")
_WEB_PORTS = (None, 80, 443)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a repository lies.

    `repository` is its canonical URL, or `local:` with the id of its first commit when it has none; a file's native id
    begins with it. `branch` is the default branch, which links lead to.
    """

    repository: str
    branch: str = "HEAD"

    def native_id(self, path: str) -> str:
        """The identity of a file: the same from a clone and from the host."""
        return f"{self.repository}/{path}"

    def link(self, path: str) -> str:
        """The page that shows a file; blank when the host's pages are not known."""
        template = _LINKS.get(urlsplit(self.repository).netloc)
        if template is None:
            return ""
        branch, file = quote(os.fsencode(self.branch)), quote(os.fsencode(path))
        return template.format(repository=self.repository, branch=branch, path=file)


def canonical_repository(remote: str) -> str:
    """The https URL of the repository that a remote names: without user name, password, port of ssh and `.git`, its
    host in lower case. Blank for a path on this machine and for what is no address. Applying it twice changes nothing.
    """
    remote = remote.strip()
    try:
        parts = urlsplit(remote)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    scheme, path = parts.scheme, parts.path
    if "://" not in remote:
        scp = _SCP.fullmatch(remote)
        if scp is None:
            return ""
        scheme, host, port, path = "ssh", scp["host"].lower(), None, scp["path"]
    if scheme not in ("http", "https", "ssh", "git", "git+ssh", "ssh+git") or not _HOST.fullmatch(host):
        return ""
    host = host.rstrip(".")
    host = _HOSTS.get(host, host)
    if scheme in _WEB and port not in _WEB_PORTS:
        host = f"{host}:{port}"
    segments = [segment for segment in quote(path, safe=_PATH_SAFE).split("/") if segment]
    while segments and segments[-1].removesuffix(".git") != segments[-1]:
        segments[-1:] = [stripped] if (stripped := segments[-1].removesuffix(".git")) else []
    return f"https://{host}/{'/'.join(segments)}" if segments else ""
