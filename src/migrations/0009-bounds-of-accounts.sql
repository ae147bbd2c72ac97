-- What an admin has set on somebody else's token, beside the owner's own values: JSON of tokens/token.ts, AdminBounds.
-- Values that an admin set before this version are the owner's own.
ALTER TABLE tokens ADD COLUMN admin TEXT;

-- What an admin has set for all tokens of an account; bounds_version grows with each edit.
ALTER TABLE accounts ADD COLUMN group_name TEXT;
ALTER TABLE accounts ADD COLUMN models TEXT NOT NULL DEFAULT '[]';
ALTER TABLE accounts ADD COLUMN tokens_expire_at INTEGER;
ALTER TABLE accounts ADD COLUMN bounds_version INTEGER NOT NULL DEFAULT 0;
CREATE INDEX accounts_by_group ON accounts (group_name) WHERE group_name IS NOT NULL;

-- Whether the email is known to be this person's: Cloudflare Access opens an account by its email, and anybody can type
-- an email into an invitation. Existing accounts count as verified, or Access would let nobody in.
ALTER TABLE accounts ADD COLUMN email_proven INTEGER NOT NULL DEFAULT 1;

-- A deleted account keeps its id, which the log names, and nothing of the person. NULL: it is not deleted.
ALTER TABLE accounts ADD COLUMN deleted_at INTEGER;
