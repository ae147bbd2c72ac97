// A round trip to a ledger without a token: makes a reservation and releases it, through the client that requests
// use.
import type { TokenPolicy } from '../tokens/token.ts';
import { unbounded } from '../tokens/token.ts';
import type { LedgerClient } from './client.ts';

/** No token has this id: theirs begin with `tok_`. */
const probeId = 'doctor-probe';

const policy: TokenPolicy = {
  tokenId: probeId,
  accountId: probeId,
  group: 'default',
  bounds: unbounded,
  version: 1,
  status: 'active',
  hashes: [{ hash: probeId, validUntilMs: null }],
  expiresAtMs: null,
  quotaNanoUsd: null,
  budget: null,
  models: [],
  allowedIps: [],
  limits: {},
};

/** The reserved amount, in nano-USD. */
const reserveNanoUsd = 1_000;

/**
 * Makes a reservation at a ledger and releases it. Nothing is logged or charged. If the probe is cut off, the
 * reservation expires. Throws when the ledger cannot be reached, refuses, or does not hold the reservation.
 */
export async function probeLedger(ledgers: LedgerClient): Promise<void> {
  const requestId = `doctor-${crypto.randomUUID()}`;
  await ledgers.configure(policy);
  const request = {
    requestId,
    policyVersion: policy.version,
    groupVersion: unbounded.version,
    hash: probeId,
    ip: null,
    model: null,
    nowMs: Date.now(),
    reserveNanoUsd,
    inputNanoUsd: 0,
    tokens: 0,
    format: 'openai',
    endpoint: 'doctor',
    stream: false,
    free: false,
  } as const;
  const admission = await ledgers.admit(probeId, request, { background: () => {} });
  if (admission.outcome !== 'admitted') throw new Error(`a reservation was ${admission.outcome}`);
  const during = await ledgers.balance(probeId);
  await ledgers.release(probeId, [requestId]);
  const after = await ledgers.balance(probeId);
  const held = during.reservedNanoUsd - after.reservedNanoUsd;
  if (held !== reserveNanoUsd) {
    throw new Error(`${reserveNanoUsd} nano-USD were reserved, and ${held} were held`);
  }
}
