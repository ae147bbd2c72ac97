-- People who use the dashboard: how they prove who they are, what they have open, and what was changed by whom.
-- Every secret is here as its SHA-256 (passwords: scrypt) and nowhere else.
ALTER TABLE accounts ADD COLUMN password TEXT;
ALTER TABLE accounts ADD COLUMN last_login_at INTEGER;
-- What all tokens of the account share (quota/account-ledger.ts); the version grows with each edit of it.
ALTER TABLE accounts ADD COLUMN budget_nano_usd INTEGER;
ALTER TABLE accounts ADD COLUMN budget_period TEXT;
ALTER TABLE accounts ADD COLUMN budget_version INTEGER NOT NULL DEFAULT 0;

CREATE TABLE sessions (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  user_agent TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_account ON sessions (account_id, created_at DESC);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE access_keys (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  hint TEXT NOT NULL,
  created_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_keys_by_account ON access_keys (account_id, created_at DESC);

CREATE TABLE invites (
  hash TEXT PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('admin', 'member')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;

-- Tries of a password in the running quarter of an hour, by what they are counted for (accounts/login-limits.ts).
CREATE TABLE login_tries (
  counted_for TEXT PRIMARY KEY,
  tries INTEGER NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_tries_by_end ON login_tries (until);

CREATE TABLE audit (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  account_id TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  detail TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX audit_by_time ON audit (at DESC, id DESC);
