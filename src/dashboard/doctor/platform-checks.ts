// Checks of what the platform provides: bindings, KV, static files.
import { broken, type Finding, works } from './finding.ts';

/** The bindings of a Worker, as in the environment. A missing one is undefined, whatever its type says. */
export interface Bindings {
  readonly DB: unknown;
  readonly CACHE: Pick<KVNamespace, 'get' | 'put'>;
  readonly ASSETS: Pick<Fetcher, 'fetch'>;
  readonly LEDGER: unknown;
  readonly ACCOUNTS: unknown;
  readonly REALTIME: unknown;
  readonly HEALTH: unknown;
}

const names = ['DB', 'CACHE', 'ASSETS', 'LEDGER', 'ACCOUNTS', 'REALTIME', 'HEALTH'] as const;

const redeploy = 'Deploy again with the wrangler.toml of this version: npx wrangler deploy';

/** Checks that every binding exists, that KV stores values, and that static files are served. Never rejects. */
export async function checkBindings(bindings: Bindings): Promise<Finding[]> {
  const missing = names.filter((name) => bindings[name] === undefined);
  if (missing.length > 0) {
    return [broken('bindings', 'binding_missing', `The Worker lacks ${missing.join(', ')}.`, redeploy)];
  }
  const faults = (await Promise.all([checkStore(bindings.CACHE), checkAssets(bindings.ASSETS)])).flat();
  return faults.length > 0
    ? faults
    : [works('bindings', 'D1, KV, Durable Objects and static files are bound.')];
}

/** The lifetime of the probe's entry in seconds: the shortest that KV allows. */
const probeTtlSeconds = 60;

async function checkStore(kv: Bindings['CACHE']): Promise<Finding[]> {
  const key = `doctor:${crypto.randomUUID()}`;
  const remedy =
    'Check the status of Workers KV at https://www.cloudflarestatus.com, and that the bound namespace exists: npx wrangler kv namespace list';
  try {
    await kv.put(key, 'written', { expirationTtl: probeTtlSeconds });
    if ((await kv.get(key)) === 'written') return [];
    return [broken('bindings', 'kv_unreliable', 'KV does not return what was just written.', remedy)];
  } catch (error) {
    return [broken('bindings', 'kv_unreachable', `KV does not answer: ${String(error)}`, remedy)];
  }
}

async function checkAssets(assets: Bindings['ASSETS']): Promise<Finding[]> {
  const path = '/dashboard.css';
  try {
    const response = await assets.fetch(new Request(`https://assets.internal${path}`));
    await response.body?.cancel();
    if (response.ok) return [];
    return [broken('bindings', 'assets_missing', `${path} is a ${response.status}.`, redeploy)];
  } catch (error) {
    return [broken('bindings', 'assets_missing', `Static files are not served: ${String(error)}`, redeploy)];
  }
}
