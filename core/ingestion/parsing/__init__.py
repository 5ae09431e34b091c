"""Reads documents of several formats into trees of sections."""

from core.ingestion.parsing.decoding import MAX_BYTES
from core.ingestion.parsing.parser import SUFFIXES, parse

__all__ = ["MAX_BYTES", "SUFFIXES", "parse"]
