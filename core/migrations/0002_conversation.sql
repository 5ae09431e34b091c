-- A conversation. Whoever adds a turn to it updates its row and so waits for whoever does the same:
-- within a session, no later turn is seen before an earlier one.
CREATE TABLE sessions (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform    TEXT NOT NULL,
    workspace   TEXT NOT NULL,
    channel     TEXT NOT NULL,
    thread      TEXT NOT NULL,
    asked_at    TIMESTAMPTZ NOT NULL DEFAULT now(),
    UNIQUE (platform, workspace, channel, thread)
);

-- A question, and in time its answer. A message is one turn, whatever thread it is said to be in.
CREATE TABLE turns (
    id           UUID PRIMARY KEY DEFAULT gen_random_uuid(),
    sequence     BIGINT GENERATED ALWAYS AS IDENTITY,
    session_id   BIGINT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    platform     TEXT NOT NULL,
    workspace    TEXT NOT NULL,
    channel      TEXT NOT NULL,
    message_id   TEXT NOT NULL,
    author       TEXT NOT NULL,
    text         TEXT NOT NULL,
    scope        TEXT[],
    context      JSONB NOT NULL,
    status       TEXT NOT NULL DEFAULT 'accepted'
                 CHECK (status IN ('accepted', 'finished', 'failed')),
    accepted_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    -- The lease. Whoever shows another token than this one has lost it.
    attempt      INTEGER NOT NULL DEFAULT 0,
    lease_token  UUID,
    lease_owner  TEXT,
    lease_until  TIMESTAMPTZ,
    -- What came of it.
    ended_at     TIMESTAMPTZ,
    answer       JSONB,
    trace        JSONB,
    failure      TEXT,
    UNIQUE (platform, workspace, channel, message_id),
    CHECK ((status = 'accepted') = (ended_at IS NULL)),
    CHECK ((status = 'finished') = (answer IS NOT NULL))
);

CREATE INDEX turns_of_session ON turns (session_id, sequence);
CREATE INDEX turns_unfinished ON turns (session_id) WHERE status = 'accepted';

-- A message that is about to be sent, then its id. Without one, it may have been sent or not.
CREATE TABLE postings (
    turn_id       UUID NOT NULL REFERENCES turns ON DELETE CASCADE,
    part          INTEGER NOT NULL,
    marker        TEXT NOT NULL,
    message_id    TEXT,
    opened_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    completed_at  TIMESTAMPTZ,
    PRIMARY KEY (turn_id, part),
    CHECK ((message_id IS NULL) = (completed_at IS NULL))
);

-- What answers were made from, once each; a trace names them by hash.
CREATE TABLE passages (
    hash     TEXT PRIMARY KEY,
    passage  JSONB NOT NULL,
    used_at  TIMESTAMPTZ NOT NULL DEFAULT now()
);
