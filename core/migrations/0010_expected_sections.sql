-- What a person says should have answered, beside a thumbs-down: a section's address or their own
-- words; and the document that this is, where it is one of ours.
ALTER TABLE feedback
    ADD COLUMN expected       TEXT,
    ADD COLUMN expected_path  TEXT,
    ADD CONSTRAINT feedback_expected_path_check
        CHECK (expected_path IS NULL OR expected IS NOT NULL);
