-- What an operator says of a channel besides its address (providers/provider.ts, ChannelSettings).
ALTER TABLE channels ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- Names that stand for a list of models, tried in order.
CREATE TABLE model_aliases (
  name TEXT PRIMARY KEY,
  models TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Responses that the relay keeps for channels that cannot (config: CONVERSATION_DAYS), sealed under ENCRYPTION_KEY.
CREATE TABLE conversations (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  sealed TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX conversations_by_expiry ON conversations (expires_at);

-- How many tokens a stored response stands for when it is gone on from (previous_response_id).
CREATE TABLE response_contexts (
  id TEXT PRIMARY KEY,
  tokens INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX response_contexts_by_created ON response_contexts (created_at);
