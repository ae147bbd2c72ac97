-- The database (D1) of OpenOpen8 Relay, version 1. Deploy, local start and tests apply this file to an empty
-- database, then those of src/migrations/ that are newer than the database.
-- Money is integer nano-USD, times are milliseconds since 1970 (UTC), lists are JSON arrays.
-- A change is a new file there, never an edit here, so that deployments with data follow (src/lib/schema-store.ts).

CREATE TABLE IF NOT EXISTS meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta (key, value) VALUES ('schema_version', '1') ON CONFLICT (key) DO NOTHING;

CREATE TABLE IF NOT EXISTS accounts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO accounts (id, name, role, created_at) VALUES ('acc_admin', 'Admin', 'admin', 0)
  ON CONFLICT (id) DO NOTHING;

-- A group bounds every token in it; price_multiplier is in millionths (1000000 = the table's price).
CREATE TABLE IF NOT EXISTS groups (
  name TEXT PRIMARY KEY,
  price_multiplier_millionths INTEGER NOT NULL DEFAULT 1000000,
  models TEXT NOT NULL DEFAULT '[]',
  channels TEXT NOT NULL DEFAULT '[]',
  limits TEXT NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
INSERT INTO groups (name) VALUES ('default') ON CONFLICT (name) DO NOTHING;

-- A token's policy. Its value is nowhere: only the SHA-256 of it (token_hashes) and a hint for people.
-- version grows with every edit; the token's ledger refuses an older one.
CREATE TABLE IF NOT EXISTS tokens (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  group_name TEXT NOT NULL DEFAULT 'default',
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled', 'deleted')),
  expires_at INTEGER,
  quota_nano_usd INTEGER,
  budget_nano_usd INTEGER,
  budget_period TEXT CHECK (budget_period IN ('day', 'week', 'month')),
  models TEXT NOT NULL DEFAULT '[]',
  allowed_ips TEXT NOT NULL DEFAULT '[]',
  limits TEXT NOT NULL DEFAULT '{}',
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER,
  spent_nano_usd INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tokens_by_created ON tokens (created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS tokens_by_account ON tokens (account_id, created_at DESC);

-- A rotated token has two hashes while the old value's overlap lasts.
CREATE TABLE IF NOT EXISTS token_hashes (
  hash TEXT PRIMARY KEY,
  token_id TEXT NOT NULL REFERENCES tokens (id),
  valid_until INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS token_hashes_by_token ON token_hashes (token_id);

-- keys: JSON array of {id, hint, iv, sealed}: AES-GCM under ENCRYPTION_KEY, base64.
CREATE TABLE IF NOT EXISTS channels (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  base_url TEXT,
  keys TEXT NOT NULL DEFAULT '[]',
  models TEXT NOT NULL DEFAULT '[]',
  model_map TEXT NOT NULL DEFAULT '{}',
  priority INTEGER NOT NULL DEFAULT 0,
  weight INTEGER NOT NULL DEFAULT 1,
  enabled INTEGER NOT NULL DEFAULT 1,
  headers TEXT NOT NULL DEFAULT '{}',
  groups TEXT NOT NULL DEFAULT '[]',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- An override of a model's price: JSON of USD per million units (see metering/price.ts, PriceOverride).
CREATE TABLE IF NOT EXISTS prices (
  model TEXT PRIMARY KEY,
  price TEXT NOT NULL,
  updated_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Who made an upstream id (a response, its items, a container), and where it lives.
CREATE TABLE IF NOT EXISTS upstream_ids (
  id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  key_id TEXT,
  model TEXT,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS upstream_ids_by_created ON upstream_ids (created_at);

-- One row a request. revision: the true figure may replace an estimate, once.
CREATE TABLE IF NOT EXISTS logs (
  id TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL,
  token_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  format TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  requested_model TEXT,
  upstream_model TEXT,
  channel_id TEXT,
  attempts TEXT NOT NULL DEFAULT '[]',
  status INTEGER NOT NULL,
  error_code TEXT,
  stream INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0,
  cache_write_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0,
  usage_source TEXT,
  cost_nano_usd INTEGER,
  ttfb_ms INTEGER,
  duration_ms INTEGER,
  dropped TEXT NOT NULL DEFAULT '[]',
  count INTEGER NOT NULL DEFAULT 1,
  revision INTEGER NOT NULL DEFAULT 1
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS logs_by_time ON logs (created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS logs_by_token ON logs (token_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS logs_by_account ON logs (account_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS logs_by_model ON logs (requested_model, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS logs_by_channel ON logs (channel_id, created_at DESC, id DESC);
CREATE INDEX IF NOT EXISTS logs_by_status ON logs (status, created_at DESC, id DESC);

-- Roll-ups by hour x token x model x channel, kept as rows arrive (the triggers below): a year's chart
-- never scans the log.
CREATE TABLE IF NOT EXISTS usage_hourly (
  hour INTEGER NOT NULL,
  token_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  model TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  requests INTEGER NOT NULL DEFAULT 0,
  errors INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0,
  cache_write_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0,
  cost_nano_usd INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (hour, token_id, model, channel_id)
) WITHOUT ROWID;

CREATE TRIGGER IF NOT EXISTS logs_roll_up AFTER INSERT ON logs BEGIN
  INSERT INTO usage_hourly VALUES (
    NEW.created_at / 3600000, NEW.token_id, NEW.account_id, COALESCE(NEW.requested_model, ''),
    COALESCE(NEW.channel_id, ''), NEW.count, CASE WHEN NEW.status >= 400 THEN NEW.count ELSE 0 END,
    NEW.input_tokens, NEW.cached_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens,
    COALESCE(NEW.cost_nano_usd, 0))
  ON CONFLICT (hour, token_id, model, channel_id) DO UPDATE SET
    requests = requests + excluded.requests, errors = errors + excluded.errors,
    input_tokens = input_tokens + excluded.input_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd;
END;

-- A replaced row first takes its old figures back (same hour and token), then adds the new ones.
CREATE TRIGGER IF NOT EXISTS logs_roll_up_again AFTER UPDATE ON logs BEGIN
  UPDATE usage_hourly SET
    requests = requests - OLD.count, errors = errors - CASE WHEN OLD.status >= 400 THEN OLD.count ELSE 0 END,
    input_tokens = input_tokens - OLD.input_tokens, cached_tokens = cached_tokens - OLD.cached_tokens,
    cache_write_tokens = cache_write_tokens - OLD.cache_write_tokens,
    output_tokens = output_tokens - OLD.output_tokens,
    reasoning_tokens = reasoning_tokens - OLD.reasoning_tokens,
    cost_nano_usd = cost_nano_usd - COALESCE(OLD.cost_nano_usd, 0)
  WHERE hour = OLD.created_at / 3600000 AND token_id = OLD.token_id
    AND model = COALESCE(OLD.requested_model, '') AND channel_id = COALESCE(OLD.channel_id, '');
  INSERT INTO usage_hourly VALUES (
    NEW.created_at / 3600000, NEW.token_id, NEW.account_id, COALESCE(NEW.requested_model, ''),
    COALESCE(NEW.channel_id, ''), NEW.count, CASE WHEN NEW.status >= 400 THEN NEW.count ELSE 0 END,
    NEW.input_tokens, NEW.cached_tokens, NEW.cache_write_tokens, NEW.output_tokens, NEW.reasoning_tokens,
    COALESCE(NEW.cost_nano_usd, 0))
  ON CONFLICT (hour, token_id, model, channel_id) DO UPDATE SET
    requests = requests + excluded.requests, errors = errors + excluded.errors,
    input_tokens = input_tokens + excluded.input_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd;
END;
