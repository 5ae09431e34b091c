-- A conversation that somebody began afresh: its history starts after this turn's sequence.
ALTER TABLE sessions ADD COLUMN begun_after BIGINT NOT NULL DEFAULT 0;

-- What was registered with a platform, by a fingerprint, so that it is done again only on a change.
CREATE TABLE registrations (
    platform     TEXT NOT NULL,
    name         TEXT NOT NULL,
    fingerprint  TEXT NOT NULL,
    PRIMARY KEY (platform, name)
);
