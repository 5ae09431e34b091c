"""Checks what a model claims against the passages that it cites, without a model."""
