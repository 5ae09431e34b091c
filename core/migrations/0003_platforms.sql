-- What people do to a question after they asked it. `wanted` is what shall come of it; a turn that
-- is wanted withdrawn is work again until what was posted for it is removed. Then its row is all
-- that stays, without a word of it, so that a late delivery of the message is no new question.
ALTER TABLE turns
    ADD COLUMN wanted    TEXT NOT NULL DEFAULT 'answered'
                         CHECK (wanted IN ('answered', 'stopped', 'withdrawn')),
    -- The platform's mark of the edit that the text is of; a later edit's sorts after it.
    ADD COLUMN revision  TEXT COLLATE "C" NOT NULL DEFAULT '',
    DROP CONSTRAINT turns_status_check,
    ADD CONSTRAINT turns_status_check
        CHECK (status IN ('accepted', 'finished', 'failed', 'withdrawn'));

CREATE INDEX postings_of_message ON postings (message_id);

-- One a person and answer. An answer that is made anew has none.
CREATE TABLE feedback (
    turn_id   UUID NOT NULL REFERENCES turns ON DELETE CASCADE,
    person    TEXT NOT NULL,
    value     TEXT NOT NULL CHECK (value IN ('up', 'down')),
    rated_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (turn_id, person)
);

-- Up to which message a channel was seen. Ids of messages are digits that grow with time.
CREATE TABLE cursors (
    platform    TEXT NOT NULL,
    workspace   TEXT NOT NULL,
    channel     TEXT NOT NULL,
    message_id  TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (platform, workspace, channel)
);
