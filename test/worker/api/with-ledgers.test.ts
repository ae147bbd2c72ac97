// The management API over the real ledgers: what it answers applies to the very next request.
import { env } from 'cloudflare:workers';
import { beforeEach, expect, it } from 'vitest';
import { LedgerClient } from '../../../src/quota/client.ts';
import type { AdmissionRequest } from '../../../src/quota/quota.ts';
import { identityOf } from '../../../src/tokens/resolve.ts';
import { hashSecret } from '../../../src/tokens/secret.ts';
import { TokenStore } from '../../../src/tokens/store.ts';
import type { TokenIdentity } from '../../../src/tokens/token.ts';
import { emptyDatabase, relay } from './relay.ts';

beforeEach(emptyDatabase);

const store = () => new TokenStore(env.DB);
const client = () => new LedgerClient(env.LEDGER, (id) => store().findPolicy(id));

/** Calls the ledger as a request does that resolved `identity` from a cache of any age. */
async function outcomeFor(
  ledgers: LedgerClient,
  identity: TokenIdentity,
  hash = identity.hash,
): Promise<string> {
  const request: AdmissionRequest = {
    requestId: crypto.randomUUID(),
    policyVersion: identity.version,
    groupVersion: identity.bounds.version,
    hash,
    ip: null,
    model: 'gpt-4o',
    nowMs: Date.now(),
    reserveNanoUsd: 1_000_000_000,
    inputNanoUsd: 1,
    tokens: 1,
    format: 'openai',
    endpoint: '/v1/chat/completions',
    stream: false,
    free: false,
  };
  const admission = await ledgers.admit(identity.tokenId, request, { background: () => undefined });
  if (admission.outcome === 'stale') return outcomeFor(ledgers, identityOf(admission.policy, hash));
  return admission.outcome === 'refused' ? admission.code : admission.outcome;
}

async function createToken(fields: object) {
  const ledgers = client();
  const { call } = relay({ ledgers });
  const { body } = await call('POST', '/tokens', { name: 'x', ...fields });
  const found = await store().findByHash(hashSecret(body.token));
  if (found === null) throw new Error('the token is not in D1');
  return { ledgers, call, token: body, identity: identityOf(found.policy, hashSecret(body.token)) };
}

it('applies an edit and a deletion to the very next request', async () => {
  const { ledgers, call, token, identity } = await createToken({ quota_usd: 5 });
  expect(await outcomeFor(ledgers, identity)).toBe('admitted');
  await call('PATCH', `/tokens/${token.id}`, { models: ['claude-*'] });
  expect(await outcomeFor(ledgers, identity)).toBe('model_not_allowed');
  await call('PATCH', `/tokens/${token.id}`, { models: [], quota_usd: 0.5 });
  expect(await outcomeFor(ledgers, identity)).toBe('insufficient_quota');
  await call('PATCH', `/tokens/${token.id}`, { status: 'disabled' });
  expect(await outcomeFor(ledgers, identity)).toBe('token_disabled');
  expect((await call('DELETE', `/tokens/${token.id}`)).status).toBe(204);
  expect(await outcomeFor(ledgers, identity)).toBe('invalid_api_key');
  expect((await store().findPolicy(token.id))?.status).toBe('deleted');
});

it('accepts only the new value after a rotation, or both during an overlap', async () => {
  const { ledgers, call, token, identity } = await createToken({});
  const second = (await call('POST', `/tokens/${token.id}/rotate`)).body.token;
  expect(await outcomeFor(ledgers, identity)).toBe('invalid_api_key');
  expect(await outcomeFor(ledgers, identity, hashSecret(second))).toBe('admitted');
});

it('shows live figures, and imports what was spent into a new deployment', async () => {
  const { ledgers, call, token, identity } = await createToken({ quota_usd: 5 });
  await outcomeFor(ledgers, identity);
  expect((await call('GET', `/tokens/${token.id}`)).body).toMatchObject({
    reserved_usd: 1,
    open_requests: 1,
  });
  const document = (await call('GET', '/export')).body;
  const moved = { ...document.tokens[0], id: `${token.id}moved`, spent_usd: 4.5, hashes: [] };
  await call('POST', '/import', { ...document, tokens: [moved] });
  const { body } = await call('GET', `/tokens/${moved.id}`);
  expect(body).toMatchObject({ spent_usd: 4.5, remaining_usd: 0.5 });
});
