-- Why the active version was moved; NULL where the version's own message says it.
ALTER TABLE activations ADD COLUMN message TEXT;
