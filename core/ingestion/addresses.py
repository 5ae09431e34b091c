"""The public address of a document (pure)."""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum
from urllib.parse import quote, urljoin, urlsplit

from core.errors import ConfigurationError
from core.model import Document
from core.text.links import is_web_url

_INDEX_NAMES = frozenset({"index", "readme"})
_NUMBER_PREFIX = re.compile(r"^\d+\s*[-_.]+\s*(?=[^-_.\s])")
_DATE_OR_VERSION = re.compile(r"^\d+[-_.]\d+")
_COPIED = frozenset({".html", ".htm", ".txt", ".pdf", ".docx"})  # no site makes pages of these
_MKDOCS_FOLDER = "docs"  # MkDocs' default of `docs_dir`
_SAFE = "/-._~!$&*+,;="  # not `:`, which could make a scheme, nor `()`, which end a Markdown link
_SAFE_IN_URL = _SAFE + ":@%?#[]"


class SlugRule(StrEnum):
    """How a site makes the addresses of pages from the paths of documents.

    `plain` drops the suffix of what pages are made of, and `index` or `README` with it; files such
    as PDF are published under their own names, whatever the rule. `mkdocs` is that with a slash at
    the end, and without a `docs` at the top: a project of MkDocs publishes what is in there as its
    root. `docusaurus` is `plain` without number prefixes ("01-intro"), and a document named
    like its folder is the folder's index. `github` keeps the path as it is.
    """

    PLAIN = "plain"
    DOCUSAURUS = "docusaurus"
    MKDOCS = "mkdocs"
    GITHUB = "github"


def document_url(document: Document, base_url: str, rule: SlugRule) -> str:
    """The address of a document's page, without an anchor.

    `base_url` is where the source's root folder is published, for GitHub a blob address such as
    https://github.com/o/r/blob/COMMIT/docs/; where it is empty, the path itself is the address.
    What front matter says wins: an absolute `url`, then a relative one or a `slug` (not on
    GitHub, which shows files by their path). The result is percent-encoded, and is relative or
    http(s), never of another scheme. Raises ConfigurationError for a base URL that is not.
    """
    if document.url and is_web_url(document.url):
        return quote(document.url.partition("#")[0], safe=_SAFE_IN_URL)
    if not base_url:
        return quote(document.path, safe=_SAFE)
    if not is_web_url(base_url):
        raise ConfigurationError(
            f"The base URL {base_url!r} is not a web address.",
            hint="Give one that begins with https:// or http://.",
        )
    base = base_url.rstrip("/") + "/"
    if rule is SlugRule.GITHUB:
        return base + quote(document.path, safe=_SAFE)
    return _from_front_matter(document, base, rule) or base + _page(document.path, rule)


def _from_front_matter(document: Document, base: str, rule: SlugRule) -> str | None:
    if document.url and _is_relative(document.url):
        return urljoin(base, quote(document.url.partition("#")[0], safe=_SAFE + "%"))
    if document.slug:
        folder = "/".join(_folders(document.path, rule))
        return base + _encode(posixpath.join("/", folder, document.slug))
    return None


def _is_relative(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return not parts.scheme and not parts.netloc


def _page(path: str, rule: SlugRule) -> str:
    """The page's address below the base URL."""
    folders = _folders(path, rule)
    file = posixpath.basename(path)
    stem, suffix = posixpath.splitext(file)
    if suffix.lower() in _COPIED and file.lower() != "index.html":
        return _encode("/".join([*folders, file]))
    if _is_index(path, stem, rule):
        return _encode("/".join([*folders, ""]))
    name = _without_number(stem) if rule is SlugRule.DOCUSAURUS else stem
    end = [""] if rule is SlugRule.MKDOCS else []
    return _encode("/".join([*folders, name, *end]))


def _folders(path: str, rule: SlugRule) -> list[str]:
    folders = path.split("/")[:-1]
    if rule is SlugRule.DOCUSAURUS:
        return [_without_number(folder) for folder in folders]
    in_project = rule is SlugRule.MKDOCS and folders[:1] == [_MKDOCS_FOLDER]
    return folders[1:] if in_project else folders


def _is_index(path: str, stem: str, rule: SlugRule) -> bool:
    folder = posixpath.basename(posixpath.dirname(path)).lower()
    names_folder = rule is SlugRule.DOCUSAURUS and stem.lower() == folder
    return names_folder or stem.lower() in _INDEX_NAMES


def _without_number(name: str) -> str:
    """As Docusaurus: "02-install" is "install", but "2021-11-news" and "7.0-new" stay."""
    return name if _DATE_OR_VERSION.match(name) else _NUMBER_PREFIX.sub("", name)


def _encode(path: str) -> str:
    """Percent-encoded, relative, and never above the base URL."""
    slash = "/" if path.endswith("/") else ""
    clean = posixpath.normpath("/" + path).strip("/")
    return quote(clean + slash if clean else "", safe=_SAFE)
