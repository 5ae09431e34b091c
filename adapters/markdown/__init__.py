"""One parser and splitter of Markdown for all chat platforms. Everything in it is pure."""

from adapters.markdown.fences import backticked
from adapters.markdown.limits import (
    DISCORD_MESSAGE,
    SLACK_MESSAGE,
    SLACK_TABLE,
    Limits,
    TableLimits,
)
from adapters.markdown.parsing import Span, inline, normalised, spans
from adapters.markdown.plainer import with_few_headings, with_short_fences
from adapters.markdown.rewriting import rewrite, without_mention_tokens, without_mentions
from adapters.markdown.splitting import SMALLEST_LIMIT, block_count, split
from adapters.markdown.tables import Table, as_text, plain_text, with_tables

__all__ = [
    "DISCORD_MESSAGE",
    "SLACK_MESSAGE",
    "SLACK_TABLE",
    "SMALLEST_LIMIT",
    "Limits",
    "Span",
    "Table",
    "TableLimits",
    "as_text",
    "backticked",
    "block_count",
    "inline",
    "normalised",
    "plain_text",
    "rewrite",
    "spans",
    "split",
    "with_few_headings",
    "with_short_fences",
    "with_tables",
    "without_mention_tokens",
    "without_mentions",
]
