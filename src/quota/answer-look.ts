// A sign of life of a running request: its reservation is renewed and raised, or it hears that it is over.
import type { TokenPolicy } from '../tokens/token.ts';
import type { AccountSlice } from './account-slice.ts';
import type { Book } from './book.ts';
import type { Checkpoints } from './checkpoints.ts';
import { isLimited, refusalByPolicy } from './policy.ts';
import type { Look, LookAnswer } from './quota.ts';
import { quotaRefusal } from './quota-refusal.ts';
import type { RateLimits } from './rate-limits.ts';

interface Parts {
  book: Book;
  slice: AccountSlice;
  checkpoints: Checkpoints;
  rates: RateLimits;
}

/** Without a policy here it goes on as it is. */
export function answerLook(
  look: Look,
  policy: TokenPolicy | null,
  { book, slice, checkpoints, rates }: Parts,
  now: number,
): LookAnswer {
  if (policy === null) return { outcome: 'go-on', reservedNanoUsd: look.reservedNanoUsd };
  const refusal = refusalByPolicy(policy, look, now);
  if (refusal !== null) return refusal;
  if (!book.holds.has(look.requestId)) book.adopt(look, now);
  const held = book.holds.get(look.requestId)?.reservedNanoUsd;
  if (held === undefined) return { outcome: 'go-on', reservedNanoUsd: look.reservedNanoUsd };
  const more = Math.max(0, look.wantNanoUsd - held);
  const room = Math.min(book.room(policy, now), slice.roomFor(policy, now));
  const granted = Math.min(more, Math.max(0, room));
  // What is left is given, and only what has used that up is ended.
  if (more > 0 && granted === 0 && look.runningNanoUsd >= held) return quotaRefusal(policy, book, more, now);
  const reserved = held + granted;
  const unheard = book.holds.get(look.requestId)?.restored === true;
  book.hold(look, reserved, now);
  rates.countProduced(book.holds.get(look.requestId), look.runningTokens ?? 0, now);
  if (unheard) checkpoints.write();
  if (isLimited(policy)) checkpoints.raiseCeiling(policy, granted, now);
  checkpoints.soon();
  return { outcome: 'go-on', reservedNanoUsd: reserved };
}
