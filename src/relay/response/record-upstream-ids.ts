// Records who owns the ids that an upstream made (a response, its items, its containers), and how long the conversation is that a response
// ends: the next request names it instead of repeating it.
import type { Meter } from '../../formats/meter.ts';
import { logError } from '../../lib/log.ts';
import type { AdmittedRequest } from '../admitted-request.ts';
import type { Sent } from '../upstream/sent.ts';

/** Pauses between tries while the database fails. This isolate knows the ids meanwhile. */
const pausesMs = [1_000, 4_000, 16_000];

/** Await it before the caller can name the ids. Never rejects: a failing database does not hold an answer up. */
export async function recordIds(
  { call, plan, services }: AdmittedRequest,
  sent: Sent,
  meter: Meter,
): Promise<void> {
  const isMade = plan.facts.store !== false && call.endpoint.operation !== 'stored-response';
  const ids = isMade ? meter.madeIds : [];
  if (ids.length === 0) return;
  const usage = call.endpoint.format.storesAnswers ? meter.usage() : null;
  const owner = {
    accountId: call.identity.accountId,
    channelId: sent.route.channel.id,
    keyId: sent.key.id,
    model: sent.route.model,
    contextTokens: usage === null ? null : usage.inputTokens + usage.outputTokens,
  };
  const record = async () => {
    await services.upstreamIds.record(ids, owner, Date.now());
    const [responseId = ''] = ids;
    if (plan.facts.background)
      await services.upstreamIds.recordWaiting(responseId, call.identity.tokenId, owner, Date.now());
  };
  await record().catch((error) => {
    report(error);
    call.background(recordLater(record));
  });
}

async function recordLater(record: () => Promise<void>): Promise<void> {
  for (const pauseMs of pausesMs) {
    await scheduler.wait(pauseMs);
    const recorded = await record().then(
      () => true,
      () => false,
    );
    if (recorded) return;
  }
  report('given up');
}

function report(error: unknown): void {
  logError('ids-not-recorded', { error });
}
