"""Reads the source of a directive that docutils does not know, mostly one of Sphinx's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from textwrap import dedent

_DIRECTIVE = re.compile(r"\.\. +(?:\|[^|]*\| +)?(?P<name>[\w:.+-]+?)::(?:[ \t]+(?P<rest>.*)|$)")
_OPTION = re.compile(r"\s*:[\w-]+:(?:\s.*)?")
_CODE = frozenset({"code", "code-block", "ipython", "parsed-literal", "prompt", "sourcecode"})
_SILENT = frozenset(
    {
        *("csv-table", "currentmodule", "default-domain", "figure", "highlight", "image"),
        *("include", "index", "literalinclude", "meta", "module", "py:currentmodule"),
        *("py:module", "raw", "tabularcolumns", "testsetup", "toctree"),
    }
)
_VERSIONS = {
    "deprecated": "Deprecated since version",
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "versionremoved": "Removed in version",
}
_OBJECTS = frozenset(
    {"attribute", "class", "data", "exception", "function", "method", "option", "envvar"}
)


@dataclass(frozen=True, slots=True)
class Directive:
    """Its name in lower case, what stands on its line, and its dedented body."""

    name: str
    argument: str
    body: str

    @property
    def is_silent(self) -> bool:
        """Whether a reader sees nothing of it, or only what is elsewhere (autodoc's, includes)."""
        return self.name in _SILENT or self.name.startswith("auto")

    @property
    def is_code(self) -> bool:
        """Whether the body is code, in the language that the argument names."""
        return self.name in _CODE

    @property
    def introduction(self) -> str:
        """The Markdown that goes before the body."""
        if self.name in _VERSIONS:
            return f"*{_VERSIONS[self.name]} {self.argument}*"
        if self.name in _OBJECTS or ":" in self.name:
            return f"`{self.argument}`" if self.argument else ""
        label = "See also" if self.name == "seealso" else self.name.replace("-", " ").capitalize()
        return f"**{label}: {self.argument}**" if self.argument else f"**{label}**"


def read_directive(source: str) -> Directive | None:
    """The directive that this is the source of, without its options; None if it is none."""
    first, *lines = source.split("\n")
    match = _DIRECTIVE.fullmatch(first)
    if match is None:
        return None
    while lines and _OPTION.fullmatch(lines[0]):
        del lines[0]
    body = dedent("\n".join(lines)).strip("\n")
    return Directive(match["name"].lower(), (match["rest"] or "").strip(), body)
