"""The HTTP API: its requests in, our answers out, as JSON or as server-sent events."""
