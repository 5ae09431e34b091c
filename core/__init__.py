"""Docent's platform-neutral core: retrieval, conversation and generation."""
