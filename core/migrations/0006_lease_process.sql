-- The holder's process, as another one on the same system can look for it; NULL where it cannot.
ALTER TABLE sync_lease ADD COLUMN process TEXT;
