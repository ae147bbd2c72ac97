// Which models that are still used will be switched off, and by whom they are used: from the roll-ups of a week.
import type { AlertSignal, Incident } from '../../alerts/alert-event.ts';
import { usage } from '../../metering/usage-log.ts';
import { endDateOf } from '../../models/end-dates.ts';
import { endInForce } from '../../models/model-override.ts';
import { type Catalog, servesByName, upstreamNameOf } from '../../routing/catalog.ts';
import { TokenStore } from '../../tokens/store.ts';

/** Limits of these alerts. */
const retiringLimits = {
  /** A model that nobody has used for so long has no users. */
  usedWithinMs: 7 * 86_400_000,
  /** Models of one review, the most expensive first. */
  models: 100,
  /** Names of tokens in an alert, the most expensive first. The rest is counted. */
  names: 5,
} as const;

/** A model with its end, and what used it. */
interface RetiringModel {
  model: string;
  endsOn: string;
  requests: number;
}

/** Returns an alert for each model with an announced end that is used, and the end of each open one that is not among them. */
export async function retiringSignals(
  open: readonly Incident[],
  { catalog, db, nowMs }: { catalog: Catalog; db: D1Database; nowMs: number },
): Promise<AlertSignal[]> {
  const range = { fromMs: nowMs - retiringLimits.usedWithinMs, toMs: nowMs };
  const used = await usage(db, { ...range, groupBy: 'model' });
  const retiring = used.flatMap(({ key, requests }): RetiringModel[] => {
    const model = String(key);
    const endsOn = model === '' ? null : endOf(model, catalog);
    return endsOn === null ? [] : [{ model, endsOn, requests }];
  });
  const own = open.filter(({ event }) => event === 'model.retiring');
  const known = new Set(own.map(({ subject }) => subject));
  const opened = retiring.slice(0, retiringLimits.models).map((each) =>
    // An open incident keeps the facts that it was opened with.
    known.has(each.model)
      ? signalOf(each, {})
      : users(db, each, range).then((facts) => signalOf(each, facts)),
  );
  const stillUsed = new Set(retiring.map(({ model }) => model));
  const resolved = own
    .filter(({ subject }) => !stillUsed.has(subject))
    .map(({ event, subject, facts }): AlertSignal => ({ event, subject, facts, status: 'resolved' }));
  return [...(await Promise.all(opened)), ...resolved];
}

function signalOf({ model, endsOn, requests }: RetiringModel, facts: AlertSignal['facts']): AlertSignal {
  return {
    event: 'model.retiring',
    subject: model,
    status: 'opened',
    facts: { model, sunset: endsOn, requests, ...facts },
  };
}

async function users(db: D1Database, { model }: RetiringModel, range: { fromMs: number; toMs: number }) {
  const sums = await usage(db, { ...range, groupBy: 'token', model });
  const ids = sums.slice(0, retiringLimits.names).map(({ key }) => String(key));
  const named = new Map(
    (await new TokenStore(db).summaries(ids, undefined)).map(({ id, name }) => [id, name] as const),
  );
  return { tokens: sums.length, token_names: ids.map((id) => named.get(id) ?? id).join(', ') };
}

/** Returns the first day on which one of the channels that serve the model loses it, or null. */
function endOf(model: string, catalog: Catalog): string | null {
  const override = catalog.modelOverride(model);
  const ends = catalog.enabled
    .filter((channel) => servesByName(channel, model))
    .map((channel) => endInForce(override, endDateOf(channel.provider, upstreamNameOf(channel, model))));
  return ends.filter((end) => end !== null).sort()[0] ?? null;
}
