// Whether an upstream's error is about the relay's own key or account, which is the operator's to mend and
// must never look to the caller like a fault of the caller's token.

/** Statuses that are always about whose key it was. */
const keyStatuses: ReadonlySet<number> = new Set([401, 402, 403]);

/** True for a refused key or account: 401, 402, 403, a 429 for spent credit, and Gemini's 400 for a bad key. */
export function refusedRelay(status: number, body: string): boolean {
  if (keyStatuses.has(status)) return true;
  if (status === 429)
    return /"(insufficient_quota|billing_hard_limit_reached|credit_balance_too_low)"/.test(body);
  return status === 400 && body.includes('"API_KEY_INVALID"');
}
