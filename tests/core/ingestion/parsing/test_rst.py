import pytest

from core.errors import DocumentUnreadable
from core.ingestion.parsing import parse
from core.ingestion.parsing.rst_directives import read_directive
from core.model import Document, Section


def read(text: str) -> Document:
    return parse("guide.rst", text.encode())


def text_of(rst: str) -> str:
    (section,) = read(rst).sections
    return section.text


def flat(sections: tuple[Section, ...]) -> list[tuple[int, str, str]]:
    return [row for s in sections for row in ((s.level, s.heading, s.anchor), *flat(s.children))]


def test_sections_nest_and_have_the_anchors_of_docutils() -> None:
    document = read("Preface\n\nA b!\n====\n\nText\n\nC_d ``e``\n---------\n\nF\n=\n")
    assert document.title == "A b!"
    assert document.sections[0].text == "Preface"
    assert flat(document.sections) == [
        (0, "", ""),
        (1, "A b!", "a-b"),
        (2, "C_d e", "c-d-e"),
        (1, "F", "f"),
    ]


def test_headings_of_one_name_have_anchors_of_their_own() -> None:
    anchors = [anchor for _, _, anchor in flat(read("A\n=\n\nA\n=\n\nÜ\n=\n").sections)]
    assert anchors == ["a", "id1", "u"]


@pytest.mark.parametrize("title", ["", "Title\n=====\n\n"])
def test_the_leading_field_list_is_metadata(title: str) -> None:
    document = read(
        f"{title}:title: Guide\n:date: 2024-05-06\n:authors: Ada; Bob\n:slug: /guide\n"
        ":peer_reviewed: yes\n:orphan:\n\nText\n"
    )
    assert (document.title, document.date, document.slug) == ("Guide", "2024-05-06", "/guide")
    assert (document.authors, document.peer_reviewed) == (("Ada", "Bob"), True)
    assert document.sections[0].text == "Text"


@pytest.mark.parametrize(
    ("rst", "markdown"),
    [
        ("*a* **b** ``c`` `d`", "*a* **b** `c` `d`"),
        ("``a`b``", "`` a`b ``"),
        ("`text <https://x.org>`_ https://y.org", "[text](https://x.org) https://y.org"),
        ("Python_ x_\n\n.. _Python: https://p.org", "[Python](https://p.org) x"),
        (":ref:`text <label>` :py:class:`~a.B` :doc:`/a`", "text `a.B` `/a`"),
        ("|a| |b|\n\n.. |a| replace:: Long", "Long b"),
        (":math:`x^2` H\\ :sub:`2`\\ O", "$x^2$ H2O"),
        ("a [1]_ [X]_\n\n.. [1] Foot\n.. [X] Cite", "a [1] [X]\n\n[1] Foot\n\n[X] Cite"),
        ("- a\n\n  b\n- c", "- a\n\n  b\n- c"),
        ("3. a\n4. b\n\n   - c", "3. a\n4. b\n\n   - c"),
        ("term\n   meaning\n\nnext : kind\n   more", "**term**\n\nmeaning\n\n**next**\n\nmore"),
        ("text\n\n:field: body\n  more", "text\n\n- **field**: body\n  more"),
        ("-a, --all  Everything", "- **-a, --all**: Everything"),
        ("| a\n| b\n|   c", "a\nb\nc"),
        ("a\n\n  quoted\n\n  more", "a\n\n> quoted\n>\n> more"),
        ("a::\n\n  x\n   y", "a:\n\n```\nx\n y\n```"),
        (".. code-block:: python\n\n   x", "```python\nx\n```"),
        (".. code-block:: python\n   :linenos:\n\n   x", "```python\nx\n```"),
        (".. code::\n\n   ```\n   x\n   ```", "````\n```\nx\n```\n````"),
        (">>> 1\n1", "```\n>>> 1\n1\n```"),
        (".. math:: a\n\n", "$$\na\n$$"),
        (".. note:: a\n   b", "**Note**\n\na\nb"),
        (".. admonition:: Mind\n\n   a", "**Mind**\n\na"),
        (".. topic:: T\n\n   a", "**T**\n\na"),
        (".. rubric:: R\n\na", "**R**\n\na"),
        (".. image:: x.png\n   :alt: A view\n\na", "A view\n\na"),
        (".. figure:: x.png\n\n   Caption", "Caption"),
        (".. versionadded:: 2.0\n   *a*", "*New in version 2.0*\n\n*a*"),
        (".. deprecated:: 1.0", "*Deprecated since version 1.0*"),
        (".. seealso::\n\n   a", "**See also**\n\na"),
        (".. my-box:: Title\n   :opt: x\n\n   a", "**My box: Title**\n\na"),
        (".. py:function:: f(a)\n\n   Does.", "`f(a)`\n\nDoes."),
        (".. function:: f(a)\n   :async:\n\n   Does.", "`f(a)`\n\nDoes."),
        ("a\n\n.. comment\n\n----\n\n.. toctree::\n\n   x\n\nb", "a\n\nb"),
        ("a\n\n.. automodule:: x\n   :members:", "a"),
        (
            "== ===\nA  B\n== ===\n1  2|3\n== ===",
            "| A | B |\n| --- | --- |\n| 1 | 2\\|3 |",
        ),
        (
            ".. table:: T\n\n   +-+-+\n   |a|b|\n   +-+-+\n   |c  |\n   +-+-+",
            "**T**\n\n| a | b |\n| --- | --- |\n| c |  |",
        ),
        (".. list-table::\n\n   * - a\n   * - ", "| a |\n| --- |\n|  |"),
        (".. image:: x.png\n   :width: bad\n\na", "a"),
        ("a `b <c>", "a `b <c>"),
        ("a\\ b", "ab"),
        ("a |x| b\n\n.. |x| unicode:: 0x0D 0x41 0x00 0xD800", "a \nA b"),
    ],
)
def test_rst_is_written_as_markdown(rst: str, markdown: str) -> None:
    assert text_of(rst) == markdown


@pytest.mark.parametrize(
    "rst",
    [
        ".. include:: /etc/passwd",
        ".. include:: /etc/passwd\n   :literal:",
        ".. literalinclude:: /etc/passwd",
        ".. raw:: html\n\n   <script>x</script>",
        ".. raw:: html\n   :file: /etc/passwd",
        ".. csv-table:: x\n   :file: /etc/passwd",
        ".. role:: html(raw)\n   :format: html\n\n:html:`<script>`",
        ".. figure:: /etc/passwd\n   :figwidth: image",
    ],
)
def test_no_file_is_read_and_no_raw_text_passes(
    rst: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sections = read(f"Text\n\n{rst}").sections
    assert "root:" not in sections[0].text
    assert "script" not in sections[0].text.replace("`<script>`", "")
    assert capsys.readouterr().err == ""


def test_mistakes_in_a_document_are_not_fatal_and_not_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = text_of("Title\n==\n\n*unclosed `x\n\n.. note::\n\n- a\nb\n\n|x|_ :unknown:`y`")
    assert "unclosed" in text
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("rst", "reason"),
    [
        ("\n\n".join(" " * i + "a" for i in range(1_000)), "nested too deeply"),
        ('.. csv-table::\n   :escape:\n\n   "a', "cannot be read as reStructuredText"),
        ("a" * 1_000_001, "longer than 1,000,000 characters"),
    ],
)
def test_what_docutils_cannot_take_is_refused_with_a_reason(rst: str, reason: str) -> None:
    with pytest.raises(DocumentUnreadable, match=reason):
        read(rst)


def test_unknown_directives_are_read_into_each_other_to_a_depth() -> None:
    text = text_of("".join(f"{'   ' * depth}.. box:: {depth}\n\n" for depth in range(9)))
    assert text.count("**Box: ") == 6
    assert ".. box:: 8" in text


def test_what_is_no_directive_is_not_read_as_one() -> None:
    assert read_directive("just text") is None
