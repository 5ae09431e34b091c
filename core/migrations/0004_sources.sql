-- What each source's documents were last synced from, so that a source which the settings have
-- sent elsewhere is known from one that shrank. A source that was synced before there was this
-- table has no row until it is synced again.
CREATE TABLE sources (
    name       TEXT PRIMARY KEY,
    origin     TEXT NOT NULL,
    selection  TEXT NOT NULL,
    profile    TEXT NOT NULL,
    synced_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
