// Open sockets that wait for their token to be refused. They learn of an edited policy at once, and of an expiry
// at its time. Watchers hold no reservation; ledger.ts renews those before it waits here.
import type { TokenPolicy } from '../tokens/token.ts';
import { refusalByPolicy } from './policy.ts';
import type { Refusal } from './quota.ts';
import type { PolicyQuestion } from './records.ts';

/** A watch is answered after this at the latest, so that its caller renews the lease. */
const watchMs = 10_000;

interface Watcher {
  question: PolicyQuestion;
  answer: (refusal: Refusal | null) => void;
}

export class Watchers {
  private readonly waiting = new Set<Watcher>();
  private readonly policy: () => TokenPolicy | null;

  constructor(policy: () => TokenPolicy | null) {
    this.policy = policy;
  }

  /** Returns the policy's refusal as soon as there is one, or null if there is none for `watchMs`. */
  async refusalOf(question: PolicyQuestion): Promise<Refusal | null> {
    const { promise, resolve } = Promise.withResolvers<Refusal | null>();
    const watcher = { question, answer: resolve };
    this.waiting.add(watcher);
    const timer = setTimeout(() => resolve(this.refusal(question)), this.waitMs(question));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.waiting.delete(watcher);
    }
  }

  /** Answers every watcher that the new policy refuses. */
  notify(): void {
    for (const { question, answer } of this.waiting) {
      const refusal = this.refusal(question);
      if (refusal !== null) answer(refusal);
    }
  }

  /** Returns the policy's refusal at this moment, or null. */
  refusal(question: PolicyQuestion): Refusal | null {
    const policy = this.policy();
    return policy === null ? null : refusalByPolicy(policy, question, Date.now());
  }

  /** Returns the time until the token, or this value of it, expires; at most `watchMs`. */
  private waitMs({ hash }: PolicyQuestion): number {
    const policy = this.policy();
    const validUntilMs = policy?.hashes.find((accepted) => accepted.hash === hash)?.validUntilMs;
    const ends = [policy?.expiresAtMs, validUntilMs].filter((atMs) => atMs != null);
    return Math.max(0, Math.min(watchMs, ...ends.map((atMs) => atMs - Date.now())));
  }
}
