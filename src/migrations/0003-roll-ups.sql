-- Roll-ups of roll-ups, so that a year's chart reads thousands of rows and not hundreds of thousands. All are
-- kept by metering/roll-up-log.ts in the transaction that writes the log, by batches (the triggers of version 1
-- wrote once for each row). Rows that an earlier Worker writes between this and its replacement are in the log
-- and in no roll-up: `npm run reconcile -- --repair` counts them in.
DROP TRIGGER IF EXISTS logs_roll_up;
DROP TRIGGER IF EXISTS logs_roll_up_again;
CREATE INDEX IF NOT EXISTS usage_hourly_by_token ON usage_hourly (token_id, hour);

CREATE TABLE usage_daily (
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
  PRIMARY KEY (day, token_id, model, channel_id)
) WITHOUT ROWID;
CREATE INDEX usage_daily_by_token ON usage_daily (token_id, day);
CREATE INDEX usage_daily_by_account ON usage_daily (account_id, day);
CREATE INDEX usage_daily_by_model ON usage_daily (model, day);
CREATE INDEX usage_daily_by_channel ON usage_daily (channel_id, day);

-- By how much a batch of rows changes the cells of hours; empty outside of the transaction that writes it.
CREATE TABLE usage_changes (
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
  PRIMARY KEY (hour, token_id, model, channel_id)
) WITHOUT ROWID;

-- Sums by one thing only (metering/roll-up-log.ts, totalDimensions). dimension: hour (all together), account-hour,
-- token-hour, model-hour and channel-hour by the hour; token, model and channel by the day. at: the number of
-- that hour or day since 1970.
CREATE TABLE usage_totals (
  dimension TEXT NOT NULL,
  at INTEGER NOT NULL,
  key TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER NOT NULL,
  PRIMARY KEY (dimension, at, key)
) WITHOUT ROWID;
CREATE INDEX usage_totals_by_key ON usage_totals (dimension, key, at);

INSERT INTO usage_daily
  SELECT hour / 24, token_id, MAX(account_id), model, channel_id,
    SUM(requests), SUM(errors), SUM(input_tokens), SUM(cached_tokens),
    SUM(cache_write_tokens), SUM(output_tokens), SUM(reasoning_tokens), SUM(cost_nano_usd)
  FROM usage_hourly GROUP BY 1, 2, 4, 5;
-- In two, for D1 takes five terms of a union at most.
INSERT INTO usage_totals
  SELECT dimension, at, key,
    SUM(requests), SUM(errors), SUM(input_tokens), SUM(cached_tokens),
    SUM(cache_write_tokens), SUM(output_tokens), SUM(reasoning_tokens), SUM(cost_nano_usd)
  FROM (
    SELECT 'hour' AS dimension, hour AS at, '' AS key, * FROM usage_hourly
    UNION ALL SELECT 'account-hour', hour, account_id, * FROM usage_hourly
    UNION ALL SELECT 'token-hour', hour, token_id, * FROM usage_hourly
    UNION ALL SELECT 'model-hour', hour, model, * FROM usage_hourly
    UNION ALL SELECT 'channel-hour', hour, channel_id, * FROM usage_hourly
  ) GROUP BY 1, 2, 3;
INSERT INTO usage_totals
  SELECT dimension, at, key,
    SUM(requests), SUM(errors), SUM(input_tokens), SUM(cached_tokens),
    SUM(cache_write_tokens), SUM(output_tokens), SUM(reasoning_tokens), SUM(cost_nano_usd)
  FROM (
    SELECT 'token' AS dimension, hour / 24 AS at, token_id AS key, * FROM usage_hourly
    UNION ALL SELECT 'model', hour / 24, model, * FROM usage_hourly
    UNION ALL SELECT 'channel', hour / 24, channel_id, * FROM usage_hourly
  ) GROUP BY 1, 2, 3;
