-- All that a token ever cost, without a look at every hour of everyone: for reconciling and for its own chart.
CREATE INDEX IF NOT EXISTS usage_by_token ON usage_hourly (token_id, hour, cost_nano_usd);
