-- What a row was charged at is stored with it (see metering/charge.ts, Charge); NULL: not by prices.
ALTER TABLE logs ADD COLUMN charge TEXT;
