"""Writes docutils' nodes as Markdown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from textwrap import indent
from typing import TypeAlias

from docutils import nodes

from core.ingestion.parsing.rst_directives import Directive, read_directive

_MAX_DEPTH = 5
_ROLE = re.compile(r":[\w:.+-]+:`[~!]?(?:(?P<text>[^`<]+?)\s*<[^`>]*>|(?P<target>[^`]+))`")
_FENCE_RUN = re.compile(r"`{3,}")


class RstWriter:
    """Writes parts of one parsed document.

    `parse` reads the body of a directive that docutils does not know; `omit` is left out.
    """

    def __init__(
        self,
        document: nodes.document,
        parse: Callable[[str], nodes.document],
        *,
        omit: nodes.Node | None = None,
        depth: int = 0,
    ) -> None:
        self._parse = parse
        self._omit = omit
        self._depth = depth
        self._substitutions = document.substitution_defs
        self._addresses = {
            name: target["refuri"]
            for target in document.findall(nodes.target)
            for name in target["names"]
            if "refuri" in target
        }

    def text_of(self, section: nodes.Element) -> str:
        """The Markdown directly under a section or document, without the sections below it."""
        silent = nodes.section | nodes.title
        return self.blocks(child for child in section if not isinstance(child, silent))

    def blocks(self, children: Iterable[nodes.Node]) -> str:
        """The Markdown of several nodes."""
        texts = (self._block(child).rstrip() for child in children)
        return "\n\n".join(text for text in texts if text)

    def _block(self, node: nodes.Node) -> str:
        if node is self._omit or isinstance(node, nodes.Invisible):
            return ""
        if isinstance(node, nodes.Element) and (write := _BLOCKS.get(type(node).__name__)):
            return write(self, node)
        if isinstance(node, nodes.Admonition):
            return f"**{type(node).__name__.capitalize()}**\n\n{self.blocks(node.children)}"
        if isinstance(node, nodes.Element) and not isinstance(node, nodes.TextElement):
            return self.blocks(node.children)
        return self._inline(node)

    def _inline(self, node: nodes.Node) -> str:
        if not isinstance(node, nodes.Element):
            return node.astext()
        write = _INLINE.get(type(node).__name__)
        return write(self, node) if write else self._words(node)

    def _words(self, node: nodes.Element) -> str:
        return "".join(map(self._inline, node))

    def _literal_block(self, node: nodes.Element) -> str:
        languages = [name for name in node["classes"] if name != "code"]
        return _fence(node.astext(), languages[0] if languages else "")

    def _bullet_list(self, node: nodes.Element) -> str:
        return "\n".join(self._item("- ", item) for item in node)

    def _enumerated_list(self, node: nodes.Element) -> str:
        start = node.get("start", 1)
        return "\n".join(self._item(f"{n}. ", item) for n, item in enumerate(node, start))

    def _item(self, mark: str, item: nodes.Node) -> str:
        body = self.blocks(item.children)
        return mark + indent(body, " " * len(mark), lambda line: bool(line.strip())).lstrip()

    def _definition_item(self, node: nodes.Element) -> str:
        terms = [self._words(child) for child in node if isinstance(child, nodes.term)]
        body = [child for child in node if isinstance(child, nodes.definition)]
        return "\n\n".join([f"**{', '.join(terms)}**", self.blocks(body)])

    def _named_item(self, node: nodes.Element) -> str:
        """A field or an option with what it means."""
        name = node[0].astext()
        return f"- **{name}**: {self.blocks(node[1:])}".replace("\n", "\n  ")

    def _line_block(self, node: nodes.Element) -> str:
        return "\n".join(map(self._block, node))

    def _block_quote(self, node: nodes.Element) -> str:
        return "\n".join(f"> {line}".rstrip() for line in self.blocks(node).split("\n"))

    def _titled(self, node: nodes.Element) -> str:
        return self.blocks(node)

    def _bold(self, node: nodes.Element) -> str:
        words = self._words(node).strip()
        return f"**{words}**" if words else ""

    def _note(self, node: nodes.Element) -> str:
        """A footnote or citation."""
        label = "".join(child.astext() for child in node if isinstance(child, nodes.label))
        body = [child for child in node if not isinstance(child, nodes.label)]
        return f"[{label or '#'}] {self.blocks(body)}"

    def _table(self, node: nodes.Element) -> str:
        caption = [self._bold(child) for child in node if isinstance(child, nodes.title)]
        rows = [[self._cell(entry) for entry in row] for row in node.findall(nodes.row)]
        width = max(map(len, rows), default=0)
        full = [row + [""] * (width - len(row)) for row in rows]
        lines = [f"| {' | '.join(row)} |" for row in full]
        lines.insert(1, "|" + " --- |" * width)
        return "\n\n".join([*caption, "\n".join(lines)])

    def _cell(self, entry: nodes.Node) -> str:
        return " ".join(self.blocks(entry.children).replace("|", "\\|").split())

    def _math_block(self, node: nodes.Element) -> str:
        return f"$$\n{node.astext()}\n$$"

    def _silence(self, _node: nodes.Element) -> str:
        return ""

    def _message(self, node: nodes.Element) -> str:
        """What docutils did not understand is mostly Sphinx's: read for its text."""
        blocks = [child.astext() for child in node if isinstance(child, nodes.literal_block)]
        directive = read_directive(blocks[0]) if blocks else None
        if directive is None:
            return "\n".join(blocks)
        return "" if directive.is_silent else self._directive(directive)

    def _directive(self, directive: Directive) -> str:
        if directive.is_code:
            return _fence(directive.body, directive.argument)
        content = self._reparsed(directive.body)
        return "\n\n".join(text for text in (directive.introduction, content) if text)

    def _reparsed(self, source: str) -> str:
        if self._depth == _MAX_DEPTH:
            return source
        document = self._parse(source)
        return RstWriter(document, self._parse, depth=self._depth + 1).blocks(document)

    def _reference(self, node: nodes.Element) -> str:
        words = self._words(node)
        address = node.get("refuri") or self._addresses.get(node.get("refname", ""))
        return f"[{words}]({address})" if address and address != words else words

    def _substitution(self, node: nodes.Element) -> str:
        definition = self._substitutions.get(node.get("refname", ""))
        return definition.astext() if definition is not None else node.astext()

    def _code(self, node: nodes.Element) -> str:
        text = node.astext()
        return f"`` {text} ``" if "`" in text else f"`{text}`"

    def _emphasis(self, node: nodes.Element) -> str:
        return f"*{self._words(node)}*"

    def _math(self, node: nodes.Element) -> str:
        return f"${node.astext()}$"

    def _mark(self, node: nodes.Element) -> str:
        return f"[{node.astext() or '#'}]"

    def _image(self, node: nodes.Element) -> str:
        return str(node.get("alt", ""))

    def _role(self, node: nodes.Element) -> str:
        """A role that docutils does not know: the text, or what it points to."""
        return _ROLE.sub(lambda role: role["text"] or f"`{role['target']}`", node.astext())


def _fence(text: str, language: str) -> str:
    marker = max(["```", *(run + "`" for run in _FENCE_RUN.findall(text))], key=len)
    return f"{marker}{language}\n{text}\n{marker}"


_Write: TypeAlias = Callable[[RstWriter, nodes.Element], str]

# ruff: noqa: SLF001 - the tables below are part of the class, which they cannot stand in
_BLOCKS: dict[str, _Write] = {
    "admonition": RstWriter._titled,
    "block_quote": RstWriter._block_quote,
    "bullet_list": RstWriter._bullet_list,
    "citation": RstWriter._note,
    "definition_list_item": RstWriter._definition_item,
    "doctest_block": RstWriter._literal_block,
    "enumerated_list": RstWriter._enumerated_list,
    "field": RstWriter._named_item,
    "footnote": RstWriter._note,
    "image": RstWriter._image,
    "line_block": RstWriter._line_block,
    "literal_block": RstWriter._literal_block,
    "math_block": RstWriter._math_block,
    "option_list_item": RstWriter._named_item,
    "raw": RstWriter._silence,
    "rubric": RstWriter._bold,
    "system_message": RstWriter._message,
    "table": RstWriter._table,
    "title": RstWriter._bold,
}
_INLINE: dict[str, _Write] = {
    "citation_reference": RstWriter._mark,
    "emphasis": RstWriter._emphasis,
    "footnote_reference": RstWriter._mark,
    "image": RstWriter._image,
    "literal": RstWriter._code,
    "math": RstWriter._math,
    "problematic": RstWriter._role,
    "raw": RstWriter._silence,
    "reference": RstWriter._reference,
    "strong": RstWriter._bold,
    "substitution_reference": RstWriter._substitution,
    "target": RstWriter._silence,
    "title_reference": RstWriter._code,
}
