-- The pointer that a sync flips: what is served. No row until the first sync has ended.
CREATE TABLE corpus (
    singleton   BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    collection  TEXT NOT NULL,
    generation  BIGINT NOT NULL,
    flipped_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- When each generation began to be served, so that old ones are kept while an answer may need them.
CREATE TABLE generations (
    generation  BIGINT PRIMARY KEY,
    flipped_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- A document over the generations since <= g < until; until is NULL while it is served.
-- chunk_sinces[i] is the generation that wrote the point of chunk_keys[i].
CREATE TABLE documents (
    source        TEXT NOT NULL,
    path          TEXT NOT NULL,
    since         BIGINT NOT NULL,
    until         BIGINT,
    title         TEXT NOT NULL,
    url           TEXT NOT NULL,
    fingerprint   TEXT NOT NULL,
    peer_reviewed BOOLEAN NOT NULL,
    date          TEXT,
    version       TEXT,
    authors       TEXT[] NOT NULL,
    chunk_keys    TEXT[] NOT NULL,
    chunk_sinces  BIGINT[] NOT NULL,
    PRIMARY KEY (source, path, since),
    CHECK (until > since),
    CHECK (cardinality(chunk_keys) = cardinality(chunk_sinces))
);

CREATE UNIQUE INDEX documents_served ON documents (source, path) WHERE until IS NULL;
CREATE INDEX documents_closed ON documents (until) WHERE until IS NOT NULL;

-- One sync at a time over all instances. An expired row may be taken over.
CREATE TABLE sync_lease (
    singleton    BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (singleton),
    token        UUID NOT NULL,
    holder       TEXT NOT NULL,
    acquired_at  TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ NOT NULL
);
