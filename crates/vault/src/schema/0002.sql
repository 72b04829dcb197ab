-- Format 2: a hold can be captured in parts. `more` is 1 where more captures follow; all captures of format 1 are final.

ALTER TABLE outbox ADD COLUMN more INTEGER CHECK (more IS NULL OR (more = 1 AND kind = 'capture'));
