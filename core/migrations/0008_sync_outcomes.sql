-- How the last sync of each source ended: `error` is why it failed as a whole, NULL where it did
-- not; `unreadable` are the documents that could not be read, {path: reason}.
CREATE TABLE sync_outcomes (
    source      TEXT PRIMARY KEY,
    ended_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    error       TEXT,
    unreadable  JSONB NOT NULL DEFAULT '{}'
);
