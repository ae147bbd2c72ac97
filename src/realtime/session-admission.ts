// Admission of a realtime session at its token's ledger.
import { admissionRequest, type Requested } from '../admission/admission-request.ts';
import { admit, orLogRefusal } from '../admission/admit.ts';
import { isModelName } from '../formats/request-checks.ts';
import type { LedgerClient } from '../quota/client.ts';
import type { CatalogLoader } from '../routing/catalog-loader.ts';
import type { TokenIdentity } from '../tokens/token.ts';
import type { SessionOrder } from './order.ts';
import {
  modelsToAllow,
  pricingAt,
  sessionCandidates,
  sessionRoutes,
  usualTranscriptionModel,
} from './routes.ts';

/** What admission needs from the relay. */
export interface SessionAdmissionServices {
  ledgers: Pick<LedgerClient, 'admit' | 'refuse'>;
  catalog: Pick<CatalogLoader, 'current'>;
}

type Background = (work: Promise<unknown>) => void;

interface SessionPlan {
  identity: TokenIdentity;
  isPriced: boolean;
  /** Each must be allowed; null if only the named one must be, if any. */
  models: readonly string[] | null;
}

/**
 * Admits a session: it counts for concurrency, and holds next to nothing, because each of its turns is reserved separately. Returns the order
 * with the newest identity. Throws RelayError: a refusal, which is logged.
 */
export async function admitSession(
  order: SessionOrder,
  services: SessionAdmissionServices,
  background: Background,
): Promise<SessionOrder> {
  const { identity, format } = order;
  const plan = (identity: TokenIdentity) =>
    orLogRefusal(
      {
        requester: { ...order, identity },
        run: (newest) => planFor({ ...order, identity: newest }, services, background),
        requested: () => requestedBefore(order, services.catalog),
      },
      services.ledgers,
    );
  const requestFor = ({ identity, models, isPriced }: SessionPlan) =>
    admissionRequest(
      { ...order, identity },
      { model: order.model, models, stream: true },
      { reserveNanoUsd: isPriced ? 1 : null, inputNanoUsd: 0, tokens: 0, free: false },
    );
  const { ledgers } = services;
  const { planned } = await admit(
    { identity, plan, requestFor, format },
    { ledgers, caller: { background } },
  );
  return { ...order, identity: planned.identity };
}

/** Throws RelayError `model_not_found`. A session that names no model yet is checked when it does. */
async function planFor(
  order: SessionOrder,
  services: SessionAdmissionServices,
  background: Background,
): Promise<SessionPlan> {
  const { model, intent, format, identity, fallback } = order;
  const named = model ?? (intent === 'transcription' ? usualTranscriptionModel : null);
  if (named === null) return { identity, isPriced: true, models: null };
  const now = Date.now();
  const catalog = await services.catalog.current(now, background);
  const candidates = sessionCandidates(named, fallback, catalog);
  const routes = sessionRoutes(catalog, candidates, format, identity);
  const isPriced = routes.every(
    (route) => pricingAt(route, candidates, catalog, identity, now).rates !== null,
  );
  return { identity, isPriced, models: model === null ? null : modelsToAllow(candidates) };
}

/** Returns what is known to be requested before a session is planned. An invalid model name is not logged. */
export async function requestedBefore(
  { model, fallback }: Pick<SessionOrder, 'model' | 'fallback'>,
  catalog: Pick<CatalogLoader, 'current'>,
): Promise<Requested> {
  if (model === null || !isModelName(model)) return { model: null, models: null, stream: true };
  const snapshot = await catalog.current(Date.now(), () => undefined);
  return { model, models: modelsToAllow(sessionCandidates(model, fallback, snapshot)), stream: true };
}
