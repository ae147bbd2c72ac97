// A refusal of the relay's own at the Realtime API's doors: the ledger has the first word, and it has its row.
import { errorStatus } from '../formats/error.ts';
import { RelayError } from '../lib/relay-error.ts';
import type { LedgerClient } from '../quota/client.ts';
import { blankRow } from '../quota/log-row.ts';
import type { SessionOrder } from '../realtime/order.ts';
import { errorOf } from '../relay/ticket.ts';
import { identityOf } from '../tokens/resolve.ts';

/** A step that may refuse before the ledger was asked. Throws the ledger's refusal if it has one, else the step's. */
export async function logRefusal<T>(
  order: SessionOrder,
  services: { ledgers: LedgerClient },
  endpoint: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === 'service_unavailable') throw error;
    const { requestId: id, identity, ip, model, startedAtMs } = order;
    const { tokenId, accountId, hash, version: policyVersion } = identity;
    const format = 'openai' as const;
    const subject = {
      id,
      createdAtMs: startedAtMs,
      tokenId,
      accountId,
      format,
      endpoint,
      requestedModel: model,
    };
    const row = {
      ...blankRow({ ...subject, stream: true }),
      status: errorStatus(format, error.code),
      errorCode: error.code,
    };
    const nothing = { reserveNanoUsd: 0, inputNanoUsd: 0, tokens: 0, free: true, stream: true };
    const ask = {
      requestId: id,
      policyVersion,
      groupVersion: identity.bounds.version,
      hash,
      ip,
      model,
      nowMs: Date.now(),
      format,
      endpoint,
      ...nothing,
    };
    const first = await services.ledgers.refuse(tokenId, ask, row);
    if (first?.outcome === 'refused') throw errorOf(first, format);
    if (first === null) throw error;
    order.identity = identityOf(first.policy, hash);
    return logRefusal(order, services, endpoint, step);
  }
}
