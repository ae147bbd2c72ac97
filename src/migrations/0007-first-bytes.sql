-- The time to the first byte in the roll-ups: the sum over the rows that have one, and how many those are. Counted from
-- here on; what was before has none. Until this is followed by the code that names its columns, rows that a Worker of
-- before would write wait in their ledgers' outboxes.
ALTER TABLE usage_hourly ADD COLUMN ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_hourly ADD COLUMN ttfb_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_daily ADD COLUMN ttfb_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_changes ADD COLUMN ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_changes ADD COLUMN ttfb_count INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN ttfb_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE usage_totals ADD COLUMN ttfb_count INTEGER NOT NULL DEFAULT 0;
