"""What the address of a Git repository tells."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

_SCP = re.compile(r"(?:[\w.-]+@)?(?P<host>[\w.-]+):(?P<path>[^/].*)")
"""As in `git@github.com:owner/repository.git`."""

_FILES_AT = {
    "github": "blob",
    "gitlab": "-/blob",
    "codeberg": "src/commit",
    "bitbucket": "src",
}
"""The way from a repository's page to a file at a commit, by a word of the host's name."""


def without_credentials(url: str) -> str:
    """The address as it may be shown: without a user's name and password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.rpartition("@")[2]
    if not parts.scheme or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def local_path(url: str) -> str:
    """The absolute path of a repository on this machine; another's address as it is."""
    if "://" in url or _SCP.fullmatch(url):
        return url
    return str(Path(url).expanduser().absolute())


def blob_address(url: str, folder: str = "") -> str | None:
    """The base of the pages that show the files of a folder, with `{commit}` to be filled in.

    None when the host is not one of those whose manner of address is known.
    """
    host, path = _host_and_path(without_credentials(url))
    words = host.split(".")
    way = next((way for word, way in _FILES_AT.items() if word in words), None)
    if way is None:
        return None
    repository = path.strip("/").removesuffix(".git")
    parts = [repository, way, "{commit}", *filter(None, folder.split("/")), ""]
    return f"https://{host}/" + "/".join(parts)


def _host_and_path(url: str) -> tuple[str, str]:
    if match := _SCP.fullmatch(url):
        return match["host"], match["path"]
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    # A port is one of SSH's or of a server that is asked for Git, not for pages.
    return parts.hostname or "", parts.path
