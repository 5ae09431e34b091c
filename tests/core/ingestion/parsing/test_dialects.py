import pytest

from core.ingestion.parsing.dialects import to_plain_markdown


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("/// tip\n\nBody\n\n///", "**Tip**\n\nBody"),
        ("/// note | Technical Details\nBody\n///", "**Note: Technical Details**\n\nBody"),
        ("/// note\n    open: true\n\nBody\n///", "**Note**\n\nBody"),
        ("//// tab | A\n/// tip\nx\n///\n////\n\nafter", "**A**\n\n**Tip**\n\nx\n\nafter"),
        ("/// details | More\nx\n///", "**More**\n\nx"),
        ("!!! note\n    Body\n\n        code\nafter", "**Note**\n\nBody\n\n    code\nafter"),
        ('!!! warning inline end "Mind"\n    Body', "**Warning: Mind**\n\nBody"),
        ('??? note "Closed"\n    Body', "**Note: Closed**\n\nBody"),
        ('!!! note ""\n    Body', "**Note**\n\nBody"),
        ("!!! a\n    !!! b\n        x\n    y\nz", "**A**\n\n**B**\n\nx\ny\nz"),
        ("!!! a\n    ```\n    x\n    ```\ny", "**A**\n\n```\nx\n```\ny"),
        ("!!! a\n\tx", "**A**\n\nx"),
        ('=== "One"\n\n    1\n\n=== "Two"\n    2', "**One**\n\n1\n\n**Two**\n\n2"),
        (":::note\nBody\n:::", "**Note**\n\nBody"),
        (":::tip[My tip]{.big}\nBody\n:::", "**Tip: My tip**\n\nBody"),
        ("::: warning Mind this\nBody\n:::", "**Warning: Mind this**\n\nBody"),
        (":::{important}\nBody\n:::", "**Important**\n\nBody"),
        ("::::info\n:::tip\nx\n:::\ny\n::::", "**Info**\n\n**Tip**\n\nx\ny"),
        ("::::info\n:::tip\nx\n::::\nafter", "**Info**\n\n**Tip**\n\nx\nafter"),
        ("::: pkg.Class\n    options:\n        x: 1\n\nafter", "`pkg.Class`\n\nafter"),
        ("> [!NOTE]\n> Body", "> **Note**\n> Body"),
        ("text\n/// tip\nx\n///", "text\n\n**Tip**\n\nx"),
    ],
)
def test_admonitions_and_tabs_become_readable_text(written: str, plain: str) -> None:
    assert to_plain_markdown(written).strip() == plain


@pytest.mark.parametrize(
    "include",
    [
        "{* ../../docs_src/x.py hl[1] *}",
        "{!> ../../docs_src/x.py!}",
        "{! ../x.md !}",
        '--8<-- "x.md"',
        "{% include 'x.html' %}",
        "```python\n{!../../docs_src/x.py!}\n```",
        "```python\n\n{* a.py *}\n{* b.py *}\n```",
    ],
)
def test_an_include_is_dropped_with_the_fence_that_holds_nothing_else(include: str) -> None:
    assert to_plain_markdown(f"before\n\n{include}\n\nafter") == "before\n\nafter"


@pytest.mark.parametrize(
    "text",
    [
        "```md\n/// tip\n!!! note\n:::note\n> [!NOTE]\n///\n```",
        "~~~\n{% raw %}\n```\n!!! note\n~~~",
        "- ```\n  :::note\n  ```",
        "x\n===",
        "/// not / a block",
        "///",
        ":::",
        "!!! 1",
        "a ``` b\n\n{{ x }}",
        "``` not ` a fence\n:::",
        "```\n!!! never closed",
        "```python\n{!a.py!}\nx = 1\n```",
    ],
)
def test_code_and_what_is_no_admonition_stay_as_they_are(text: str) -> None:
    assert to_plain_markdown(text) == text


def test_a_lesser_indent_ends_an_admonition_and_its_open_fence() -> None:
    assert to_plain_markdown("!!! a\n    ```\n    x\n!!! b\n    y").strip() == (
        "**A**\n\n```\nx\n```\n\n**B**\n\ny"
    )


def test_terminal_output_loses_the_html_of_its_colours() -> None:
    coloured = '```console\n$ <font color="#4E9A06">run</font> &amp; <b>go</b>\n```'
    assert to_plain_markdown(coloured) == "```console\n$ run & go\n```"
    html = "```html\n<span>x</span>\n```"
    assert to_plain_markdown(html) == html
