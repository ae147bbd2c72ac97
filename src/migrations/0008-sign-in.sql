-- Other ways of an account to log in than by its password (accounts/passkey-store.ts, accounts/identity-store.ts).
CREATE TABLE passkeys (
  credential_id TEXT PRIMARY KEY,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  name TEXT NOT NULL,
  public_key TEXT NOT NULL,
  counter INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) WITHOUT ROWID;
CREATE INDEX passkeys_by_account ON passkeys (account_id, created_at DESC);

-- Who an account is elsewhere: GitHub's number of a user, say, which stays when the user's name changes.
CREATE TABLE identities (
  provider TEXT NOT NULL,
  subject TEXT NOT NULL,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (provider, subject)
) WITHOUT ROWID;
CREATE INDEX identities_by_account ON identities (account_id);

-- Whose invitation it is: it is void with its inviter's say. NULL: made before this was kept.
ALTER TABLE invites ADD COLUMN invited_by TEXT;
