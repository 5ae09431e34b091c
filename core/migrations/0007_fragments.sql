-- What stands for a section's anchor in its address, where the site makes another: {anchor: fragment}.
ALTER TABLE documents ADD COLUMN fragments JSONB NOT NULL DEFAULT '{}';
