// Settlements wait briefly to be sent together, and no request is refused because of that.
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';
import type { LogRow } from '../../../src/metering/log-row.ts';
import { LedgerClient } from '../../../src/quota/client.ts';
import type { AdmissionRequest } from '../../../src/quota/quota.ts';
import { type TokenPolicy, unbounded } from '../../../src/tokens/token.ts';

const policy: TokenPolicy = {
  tokenId: 'tok_riders',
  accountId: 'acc_admin',
  group: 'default',
  bounds: { ...unbounded, version: 1 },
  version: 1,
  status: 'active',
  hashes: [{ hash: 'hash', validUntilMs: null }],
  expiresAtMs: null,
  quotaNanoUsd: 1_000,
  budget: null,
  models: [],
  allowedIps: [],
  limits: { concurrency: 1 },
};

const admissionRequest = (requestId: string): AdmissionRequest => ({
  requestId,
  policyVersion: 1,
  groupVersion: 1,
  hash: 'hash',
  ip: null,
  model: 'm',
  nowMs: Date.now(),
  reserveNanoUsd: 900,
  inputNanoUsd: 10,
  tokens: 1,
  format: 'openai',
  endpoint: '/v1/chat/completions',
  stream: false,
  free: false,
});

const row = (id: string): LogRow => ({
  id,
  createdAtMs: Date.now(),
  tokenId: policy.tokenId,
  accountId: policy.accountId,
  format: 'openai',
  endpoint: '/v1/chat/completions',
  requestedModel: 'm',
  upstreamModel: 'm',
  channelId: 'ch',
  attempts: [],
  status: 200,
  errorCode: null,
  stream: false,
  inputTokens: 1,
  cachedTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 1,
  reasoningTokens: 0,
  usageSource: 'upstream',
  costNanoUsd: 20,
  charge: null,
  ttfbMs: 1,
  durationMs: 1,
  dropped: [],
  count: 1,
  revision: 1,
});

it('admits requests one right after another, though each needs nearly the whole quota, and logs no refusal', async () => {
  const client = new LedgerClient(env.LEDGER, async () => policy);
  await client.configure(policy);
  const background: Promise<unknown>[] = [];
  for (const id of ['one', 'two', 'three']) {
    const admission = await client.admit(policy.tokenId, admissionRequest(id), {
      background: (work) => background.push(work),
    });
    expect(admission).toMatchObject({ outcome: 'admitted' });
    background.push(client.settle(policy.tokenId, { row: row(id), tokens: 2 }));
  }
  await Promise.all(background);
  expect(await client.balance(policy.tokenId)).toMatchObject({
    spentNanoUsd: 60,
    reservedNanoUsd: 0,
    open: 0,
  });
  await expect
    .poll(
      async () => (await env.DB.prepare('SELECT id, status FROM request_log ORDER BY id').all()).results,
      {
        timeout: 5_000,
      },
    )
    .toEqual([
      { id: 'one', status: 200 },
      { id: 'three', status: 200 },
      { id: 'two', status: 200 },
    ]);
});
