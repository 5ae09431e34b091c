import pytest

from core.ingestion.parsing.mdx import to_markdown


@pytest.mark.parametrize(
    ("mdx", "markdown"),
    [
        ("import A from './a';\nimport {b} from 'b'\n\n# T", "# T"),
        ("import {\n  a,\n  b,\n} from 'x';\n# T", "# T"),
        ("import './a.css'\n\nText", "Text"),
        ("export const x = {\n  a: [1,\n\n 2],\n};\n\nText", "Text"),
        ("export default ({children}) => (\n  <b>{children}</b>\n);\nText", "Text"),
        ("export const x =\n  1;\nText", "Text"),
        ("import your data first.\n\nText", "import your data first.\n\nText"),
        ("export it", "export it"),
        ("```js\nimport a from 'a'\n<Tag/>\n```", "```js\nimport a from 'a'\n<Tag/>\n```"),
        ("Text <Tag/> more", "Text  more"),
        ("<Tag>inner</Tag>", "inner"),
        ("<>inner</>", "inner"),
        ("<a.b.C x={{y: [1]}} z='>'>inner</a.b.C>", "inner"),
        ("<b>a</b>b<Icon/>c", "ab c"),
        ("<td>a</td><td>b</td>", "a  b"),
        ('<Card title="Start" href="/x">Go</Card>', "**Start**\nGo"),
        ("<TabItem value='a' label={'Apple'}>\n\nText\n\n</TabItem>", "**Apple**\n\n\nText"),
        ("<Card title=''>Go</Card>", "Go"),
        ('<a title="x">link</a>', "link"),
        ("a {/* hidden */} b", "a  b"),
        ("{/*\nhidden {x} * \n*/}\nText", "Text"),
        ("# T {/* #my-id */}", "# T {#my-id}"),
        ("# T {#my-id}", "# T {#my-id}"),
        ("a {props.x + {y: 1}.y} b", "a  b"),
        ("a{' '}b {`c`}", "a b c"),
        ("`{code}` and `<Tag>`", "`{code}` and `<Tag>`"),
        (r"\{kept\} \<Tag>", r"\{kept\} \<Tag>"),
        (r"$\frac{a}{b}$ and $$x_{1}$$", r"$\frac{a}{b}$ and $$x_{1}$$"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("<https://x.org/a>", "<https://x.org/a>"),
        ("{ never closed", "{ never closed"),
        ("<Never closed", "<Never closed"),
    ],
)
def test_what_is_javascript_goes_and_what_a_reader_sees_stays(mdx: str, markdown: str) -> None:
    assert to_markdown(mdx).strip() == markdown


def test_text_inside_components_loses_its_indent_and_does_not_turn_into_code() -> None:
    mdx = (
        "<Tabs\n    items={['a']}\n>\n    <Tab label='One'>\n        Text\n\n        - a\n"
        "          - b\n\n        ```py\n        x\n        ```\n    </Tab>\n</Tabs>\n- c\n  - d"
    )
    assert to_markdown(mdx).strip() == (
        "**One**\n\nText\n\n- a\n  - b\n\n```py\nx\n```\n\n\n- c\n  - d"
    )


@pytest.mark.parametrize("start", ["export const x = {", "import {"])
def test_a_statement_that_never_ends_is_kept_as_text(start: str) -> None:
    mdx = f"{start}\n" + "word\n" * 600 + "import a from 'a'"
    assert to_markdown(mdx) == mdx
    short = f"Text\n\n{start}\nword"
    assert to_markdown(short) == short
