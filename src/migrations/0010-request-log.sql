-- The request log with one written row for each request (D1 counts every index as a row): metering/log.ts writes it,
-- metering/page-log.ts reads it. created_at is the instant in the id, if the id has one (metering/request-id.ts).
-- `logs` stays for an earlier Worker; the hourly work moves its rows here (metering/legacy-log.ts).
CREATE TABLE request_log (
  created_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  token_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  format TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  requested_model TEXT,
  upstream_model TEXT,
  served_model TEXT,
  channel_id TEXT,
  attempts TEXT NOT NULL DEFAULT '[]',
  status INTEGER NOT NULL,
  error_code TEXT,
  error_class TEXT,
  error_message TEXT,
  stream INTEGER NOT NULL DEFAULT 0,
  input_tokens INTEGER NOT NULL DEFAULT 0,
  cached_tokens INTEGER NOT NULL DEFAULT 0,
  cache_write_tokens INTEGER NOT NULL DEFAULT 0,
  output_tokens INTEGER NOT NULL DEFAULT 0,
  reasoning_tokens INTEGER NOT NULL DEFAULT 0,
  usage_source TEXT,
  cost_nano_usd INTEGER,
  charge TEXT,
  ttfb_ms INTEGER,
  duration_ms INTEGER,
  dropped TEXT NOT NULL DEFAULT '[]',
  end_user TEXT,
  session TEXT,
  tags TEXT NOT NULL DEFAULT '[]',
  count INTEGER NOT NULL DEFAULT 1,
  revision INTEGER NOT NULL DEFAULT 1,
  PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- The index of the log, packed (metering/block-log.ts). A block covers the rows with after_at < created_at <= to_at.
CREATE TABLE log_blocks (
  to_at INTEGER PRIMARY KEY,
  after_at INTEGER NOT NULL,
  row_count INTEGER NOT NULL
) WITHOUT ROWID;

-- The rows' times in order, 13 digits each, 512 rows in a part: from a row's position in the block to its primary key.
CREATE TABLE log_times (
  to_at INTEGER NOT NULL,
  part INTEGER NOT NULL,
  times TEXT NOT NULL,
  PRIMARY KEY (to_at, part)
) WITHOUT ROWID;

-- positions: a JSON object, from each value of that bucket to the positions of its rows (metering/postings.ts).
CREATE TABLE log_postings (
  dimension TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  to_at INTEGER NOT NULL,
  positions TEXT NOT NULL,
  PRIMARY KEY (dimension, bucket, to_at)
) WITHOUT ROWID;

-- Rows that arrived, or were replaced, after their block was made.
CREATE TABLE log_late (
  created_at INTEGER NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY (created_at, id)
) WITHOUT ROWID;

-- Hours and days (unit) of which only usage_hourly is up to date: usage_daily and usage_totals are not read for them,
-- until the hourly work has computed them again (metering/rolled-sums-log.ts).
CREATE TABLE usage_dirty (
  unit TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (unit, at)
) WITHOUT ROWID;

-- What a channel's attempts add to its requests: failed attempts of requests that another channel answered count here,
-- not in `requests`. Time to the first byte: of the attempt instead of the request.
ALTER TABLE usage_hourly ADD COLUMN extra_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN extra_errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN extra_ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN extra_ttfb_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN extra_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN extra_errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN extra_ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN extra_ttfb_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN extra_attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN extra_errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN extra_ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN extra_ttfb_count INTEGER NOT NULL DEFAULT 0;

-- Requests that another model than the requested one answered: minus their sums at the requested model, plus at the
-- other. Added to the sums by requested model, they are the sums by the model that answered.
CREATE TABLE usage_served (
  hour INTEGER NOT NULL,
  token_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  model TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  ttfb_ms INTEGER NOT NULL,
  ttfb_count INTEGER NOT NULL,
  extra_attempts INTEGER NOT NULL,
  extra_errors INTEGER NOT NULL,
  extra_ttfb_ms INTEGER NOT NULL,
  extra_ttfb_count INTEGER NOT NULL,
  PRIMARY KEY (hour, token_id, model, channel_id)
) WITHOUT ROWID;

CREATE TABLE usage_served_daily (
  day INTEGER NOT NULL,
  token_id TEXT NOT NULL,
  account_id TEXT NOT NULL,
  model TEXT NOT NULL,
  channel_id TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  ttfb_ms INTEGER NOT NULL,
  ttfb_count INTEGER NOT NULL,
  extra_attempts INTEGER NOT NULL,
  extra_errors INTEGER NOT NULL,
  extra_ttfb_ms INTEGER NOT NULL,
  extra_ttfb_count INTEGER NOT NULL,
  PRIMARY KEY (day, token_id, model, channel_id)
) WITHOUT ROWID;

-- Rows of `logs` from here on are an earlier Worker's that runs again: their sums are computed again.
INSERT INTO meta (key, value) VALUES ('request_log_since_ms', CAST(unixepoch() * 1000 AS TEXT));
