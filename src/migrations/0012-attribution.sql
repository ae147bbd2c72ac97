-- What a token adds to its requests: tags (JSON array of key=value) go into their log rows, include_cost puts the cost into
-- answers. The note is for people.
ALTER TABLE tokens ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tokens ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN include_cost INTEGER NOT NULL DEFAULT 0;
