-- The tokens of a group: an edit of the group reaches the ledger of each.
CREATE INDEX tokens_by_group ON tokens (group_name, created_at DESC, id DESC);
