-- The people whose tokens from an identity provider are refused that were given out up to a moment.
CREATE TABLE revoked_tokens (
    subject     TEXT PRIMARY KEY,
    revoked_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
