// A refusal of the relay's own at the doors of realtime sessions: the ledger has the first word, and it has its row.
import { errorStatus } from '../../formats/api-errors.ts';
import { isModelName } from '../../formats/request-checks.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { blankRow } from '../../metering/log-row.ts';
import type { LedgerClient } from '../../quota/client.ts';
import { questionOf, type SessionOrder } from '../../realtime/order.ts';
import { modelsToAllow, wishesOf } from '../../realtime/routes.ts';
import { errorOf } from '../../relay/admission-request.ts';
import type { CatalogLoader } from '../../routing/catalog-loader.ts';
import { identityOf } from '../../tokens/resolve.ts';

/** A step that may refuse before the ledger was asked. Throws the ledger's refusal if it has one, else the step's. */
export async function logRefusal<T>(
  order: SessionOrder,
  services: { ledgers: LedgerClient; catalog: CatalogLoader },
  endpoint: string,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof RelayError) || error.code === 'service_unavailable') throw error;
    const { requestId: id, format, identity, startedAtMs } = order;
    // What is no model name is not logged as one, nor asked about.
    const model = order.model !== null && isModelName(order.model) ? order.model : null;
    const { tokenId, accountId, version: policyVersion } = identity;
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
      ...questionOf(order, model, await modelsOf(model, order.fallback, services.catalog)),
      requestId: id,
      policyVersion,
      groupVersion: identity.bounds.version,
      nowMs: Date.now(),
      format,
      endpoint,
      ...nothing,
    };
    const first = await services.ledgers.refuse(tokenId, ask, row);
    if (first?.outcome === 'refused') throw errorOf(first, format);
    if (first === null) throw error;
    order.identity = identityOf(first.policy, identity.hash);
    return logRefusal(order, services, endpoint, step);
  }
}

/** What the name can come to: an alias is not refused for its own name. */
async function modelsOf(
  model: string | null,
  fallback: readonly string[],
  catalog: CatalogLoader,
): Promise<readonly string[] | null> {
  if (model === null) return null;
  return modelsToAllow(wishesOf(model, fallback, await catalog.current(Date.now(), () => undefined)));
}
