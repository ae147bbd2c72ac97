// Tests admission against an imitated ledger: policies edited in the meantime, and refusals before the ledger is
// called.
import { describe, expect, it, vi } from 'vitest';
import type { Requester } from '../../../src/admission/admission-request.ts';
import { admit, LoggedRefusal, orLogRefusal } from '../../../src/admission/admit.ts';
import { RelayError } from '../../../src/lib/relay-error.ts';
import type { LogRow } from '../../../src/metering/log-row.ts';
import type { Admission, AdmissionRequest, Refusal, Stale } from '../../../src/quota/quota.ts';
import type { TokenIdentity, TokenPolicy } from '../../../src/tokens/token.ts';

const bounds = { version: 1, priceMultiplierMillionths: 1_000_000, channels: [] };
const identityAt = (version: number): TokenIdentity => ({
  tokenId: 'tok_1',
  accountId: 'acc_1',
  group: 'default',
  bounds,
  version,
  hash: 'hash',
});
const policyAt = (version: number) => ({ ...identityAt(version), bounds }) as unknown as TokenPolicy;
const stale = (version: number): Stale => ({ outcome: 'stale', policy: policyAt(version) });
const deleted: Refusal = { outcome: 'refused', code: 'invalid_api_key', message: 'It was deleted.' };

function admissionBy(answers: Admission[]) {
  const requests: AdmissionRequest[] = [];
  const planned: number[] = [];
  const ledgers = {
    admit: async (_tokenId: string, request: AdmissionRequest) => {
      requests.push(request);
      return answers.shift() ?? expect.fail('the ledger was called too often');
    },
  };
  const result = admit(
    {
      identity: identityAt(1),
      plan: async (identity) => {
        planned.push(identity.version);
        return { identity };
      },
      requestFor: ({ identity }) => ({ policyVersion: identity.version }) as AdmissionRequest,
      format: 'openai',
    },
    { ledgers, caller: { background: () => undefined } },
  );
  return { result, requests, planned };
}

describe('admit', () => {
  it('plans once and returns the plan if the ledger admits', async () => {
    const { result, planned } = admissionBy([{ outcome: 'admitted' }]);
    expect(await result).toEqual({ planned: { identity: identityAt(1) }, left: null });
    expect(planned).toEqual([1]);
  });

  it('plans again with the policy that the ledger returns', async () => {
    const { result, requests, planned } = admissionBy([stale(2), { outcome: 'admitted' }]);
    expect((await result).planned.identity.version).toBe(2);
    expect([planned, requests.map(({ policyVersion }) => policyVersion)]).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('gives up after three plans', async () => {
    const { result, planned } = admissionBy([stale(2), stale(3), stale(4)]);
    await expect(result).rejects.toMatchObject({
      code: 'service_unavailable',
      message: 'This API key is being edited. Try again.',
      details: { retryAfterMs: 1_000 },
    });
    expect(planned).toEqual([1, 2, 3]);
  });

  it('throws the ledger’s refusal after a plan', async () => {
    await expect(admissionBy([deleted]).result).rejects.toMatchObject({ code: 'invalid_api_key' });
  });
});

const requester: Requester = {
  requestId: 'req_1',
  identity: identityAt(1),
  ip: null,
  format: 'openai',
  endpoint: '/v1/chat/completions',
  startedAtMs: 1_000,
};
const own = () => new RelayError('model_not_found', 'No channel serves it.');

function refusalBy(answers: (Refusal | Stale | null)[]) {
  const requests: { request: AdmissionRequest; row: LogRow }[] = [];
  const ledgers = {
    refuse: async (_tokenId: string, request: AdmissionRequest, row: LogRow) => {
      requests.push({ request, row });
      return answers.shift() ?? null;
    },
  };
  return { ledgers, requests };
}

const requested = () => ({ model: 'gpt-4o', models: null, stream: false });

describe('orLogRefusal', () => {
  it('returns the step’s result without calling the ledger', async () => {
    const { ledgers, requests } = refusalBy([]);
    expect(await orLogRefusal({ requester, requested, run: async () => 7 }, ledgers)).toBe(7);
    expect(requests).toEqual([]);
  });

  it('logs the step’s refusal with its status and throws it', async () => {
    const { ledgers, requests } = refusalBy([null]);
    const step = { requester, requested, run: () => Promise.reject(own()) };
    await expect(orLogRefusal(step, ledgers)).rejects.toThrow('No channel serves it.');
    expect(requests).toMatchObject([
      {
        request: { policyVersion: 1, model: 'gpt-4o', reserveNanoUsd: 0, free: true },
        row: { id: 'req_1', status: 404, errorCode: 'model_not_found', requestedModel: 'gpt-4o' },
      },
    ]);
  });

  it('throws the ledger’s refusal instead of the step’s, if it has one', async () => {
    const { ledgers } = refusalBy([deleted]);
    const step = { requester, requested, run: () => Promise.reject(own()) };
    await expect(orLogRefusal(step, ledgers)).rejects.toMatchObject({ code: 'invalid_api_key' });
  });

  it('repeats the step with the newest policy', async () => {
    const { ledgers } = refusalBy([stale(5)]);
    const run = vi.fn(async ({ version }: TokenIdentity) => {
      if (version < 5) throw own();
      return version;
    });
    expect(await orLogRefusal({ requester, requested, run }, ledgers)).toBe(5);
    expect(run).toHaveBeenCalledTimes(2);
  });

  it('sends the highest version for a step that cannot be repeated', async () => {
    const { ledgers, requests } = refusalBy([null]);
    const step = { requester, requested, run: () => Promise.reject(own()), runsOnce: true };
    await expect(orLogRefusal(step, ledgers)).rejects.toThrow();
    expect(requests[0]?.request.policyVersion).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each([
    ['an outage', new RelayError('service_unavailable', 'Away.')],
    ['a refusal that is logged already', new LoggedRefusal('token_disabled', 'Off.')],
    ['an error of another kind', new TypeError('broken')],
  ])('does not log %s', async (_, error) => {
    const { ledgers, requests } = refusalBy([]);
    const step = { requester, requested, run: () => Promise.reject(error) };
    await expect(orLogRefusal(step, ledgers)).rejects.toBe(error);
    expect(requests).toEqual([]);
  });
});
