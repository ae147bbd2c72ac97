// Ledgers for tests: the real Durable Objects, called over RPC.
import { runDurableObjectAlarm } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { AdmissionRequest, LeaseRenewal, LedgerRpc, Settlement } from '../../../src/quota/quota.ts';
import { type TokenPolicy, unbounded } from '../../../src/tokens/token.ts';
import { logRow } from '../stores/rows.ts';

/** One token's ledger, with test data for it. */
export interface TestLedger {
  tokenId: string;
  stub: DurableObjectStub;
  /** Returns a new stub at each call, since a reset breaks existing stubs. */
  rpc(): LedgerRpc;
  alarm(): Promise<boolean>;
  policy(fields?: Partial<TokenPolicy>): TokenPolicy;
  admissionRequest(fields?: Partial<AdmissionRequest>): AdmissionRequest;
  renewal(fields: Partial<LeaseRenewal>): LeaseRenewal;
  settlement(requestId: string, costNanoUsd: number | null, fields?: object): Settlement;
  /** Returns `admitted`, or the code of the refusal. */
  admit(reserveNanoUsd: number, fields?: Partial<AdmissionRequest>): Promise<string>;
}

let tokens = 0;

/** Creates a ledger of its own, configured with a policy. */
export async function newLedger(fields: Partial<TokenPolicy> = {}): Promise<TestLedger> {
  tokens += 1;
  const tokenId = `tok_ledger${tokens}_${crypto.randomUUID().slice(0, 8)}`;
  const ledger = ledgerOf(tokenId);
  await ledger.rpc().configure(ledger.policy(fields));
  return ledger;
}

export function ledgerOf(tokenId: string): TestLedger {
  const stub = () => env.LEDGER.get(env.LEDGER.idFromName(tokenId));
  const rpc = () => stub() as unknown as LedgerRpc;
  const policy = (fields: Partial<TokenPolicy> = {}): TokenPolicy => ({ ...plainPolicy(tokenId), ...fields });
  const admissionRequest = (fields: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
    ...plainRequest(),
    ...fields,
  });
  return {
    tokenId,
    get stub() {
      return stub();
    },
    rpc,
    alarm: () => runDurableObjectAlarm(stub()),
    policy,
    admissionRequest,
    renewal: (fields) => ({
      ...plainRequest(),
      reservedNanoUsd: 0,
      runningNanoUsd: 0,
      wantNanoUsd: 0,
      startedAtMs: Date.now(),
      ...fields,
    }),
    settlement: (requestId, costNanoUsd, rest = {}) => ({
      row: logRow({ id: requestId, tokenId, createdAtMs: Date.now(), costNanoUsd, ...rest }),
      tokens: 10,
    }),
    admit: async (reserveNanoUsd, fields = {}) => {
      const admission = await rpc().admit(admissionRequest({ reserveNanoUsd, ...fields }), []);
      return admission === null
        ? 'no policy'
        : admission.outcome === 'refused'
          ? admission.code
          : admission.outcome;
    },
  };
}

export const hash = 'a'.repeat(64);

function plainPolicy(tokenId: string): TokenPolicy {
  return {
    tokenId,
    accountId: 'acc_admin',
    group: 'default',
    bounds: { ...unbounded, version: 1 },
    version: 1,
    status: 'active',
    hashes: [{ hash, validUntilMs: null }],
    expiresAtMs: null,
    quotaNanoUsd: null,
    budget: null,
    models: [],
    allowedIps: [],
    limits: {},
  };
}

function plainRequest(): AdmissionRequest {
  return {
    requestId: crypto.randomUUID(),
    policyVersion: 1,
    groupVersion: 1,
    hash,
    ip: null,
    model: 'gpt-4o',
    nowMs: Date.now(),
    reserveNanoUsd: 0,
    inputNanoUsd: 0,
    tokens: 100,
    format: 'openai',
    endpoint: '/v1/chat/completions',
    stream: false,
    free: false,
  };
}
