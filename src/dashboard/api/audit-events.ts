// Classifies a row of the audit by its method and path. Pure.

/** The events that have a name. */
export const auditEvents = [
  'sign-in',
  'sign-in-failed',
  'sign-out',
  'admin-created',
  'invitation-created',
  'invitation-accepted',
  'identity-linked',
  'identity-unlinked',
  'account-deleted',
  'change',
] as const;
export type AuditEvent = (typeof auditEvents)[number];

const rules: readonly [method: string, path: RegExp, event: AuditEvent][] = [
  ['POST', /^\/login$/, 'sign-in'],
  ['POST', /^\/login\/failed$/, 'sign-in-failed'],
  ['POST', /^\/logout$/, 'sign-out'],
  ['DELETE', /^\/sessions\//, 'sign-out'],
  ['POST', /^\/setup$/, 'admin-created'],
  ['POST', /^\/invites$/, 'invitation-created'],
  ['POST', /^\/invite$/, 'invitation-accepted'],
  ['POST', /^\/identities\//, 'identity-linked'],
  ['DELETE', /^\/identities\//, 'identity-unlinked'],
  ['DELETE', /^\/accounts\//, 'account-deleted'],
];

/** `change`: anything without a name of its own. */
export function auditEventOf(row: { method: string; path: string }): AuditEvent {
  return rules.find(([method, path]) => row.method === method && path.test(row.path))?.[2] ?? 'change';
}

/** The events in English, for the API. The pages have their own texts in each language. */
export const auditSummaries: Readonly<Record<AuditEvent, string>> = {
  'sign-in': 'Signed in',
  'sign-in-failed': 'Sign-in failed',
  'sign-out': 'Signed out',
  'admin-created': 'Created the admin account',
  'invitation-created': 'Invited someone',
  'invitation-accepted': 'Accepted an invitation',
  'identity-linked': 'Linked an identity',
  'identity-unlinked': 'Unlinked an identity',
  'account-deleted': 'Deleted an account',
  change: 'Changed something',
};
