-- The answers that cite a section which a sync has changed since. `hash` names the passage of it.
-- While `telling` is true the thread is to be told, by whoever holds the lease.
CREATE TABLE stale_answers (
    turn_id      UUID PRIMARY KEY REFERENCES turns ON DELETE CASCADE,
    hash         TEXT NOT NULL,
    marked_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    telling      BOOLEAN NOT NULL DEFAULT FALSE,
    lease_token  UUID,
    lease_until  TIMESTAMPTZ
);

CREATE INDEX stale_answers_untold ON stale_answers (marked_at) WHERE telling;
