// Passkeys: WebAuthn's two ceremonies, each in two steps, over @simplewebauthn/server. A passkey verifies the
// person (a finger, a PIN), so it replaces a password. It belongs to the host name that created it.
import { Buffer } from 'node:buffer';
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { useOnce } from './login-try-store.ts';
import type { PasskeyProof, PasskeyStore } from './passkey-store.ts';
import { openState, sealedStateMs, sealState } from './sealed-state.ts';
import { hashOfSecret } from './secret-value.ts';

/** What passkeys need from the rest of the Worker. */
export interface PasskeyServices {
  db: D1Database;
  passkeys: PasskeyStore;
  encryptionKey: string;
  now: () => number;
}

/** The first step's answer: `options` for the browser, and `state` to send back with the browser's answer. */
export interface PasskeyStep {
  options: object;
  state: string;
}

interface Begun {
  challenge: string;
  /** For a registration: the account. */
  accountId?: string;
}

const purposes = { registration: 'passkey registration', login: 'passkey login' };

/** Returns the options to create a passkey. `url`: of the page. */
export async function beginRegistration(
  { passkeys, encryptionKey, now }: PasskeyServices,
  account: { id: string; name: string },
  url: string,
): Promise<PasskeyStep> {
  const known = await passkeys.of(account.id);
  const options = await generateRegistrationOptions({
    rpName: 'OpenOpen8 Relay',
    rpID: new URL(url).hostname,
    userID: Uint8Array.from(new TextEncoder().encode(account.id)),
    userName: account.name,
    excludeCredentials: known.map(({ credentialId }) => ({ id: credentialId })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestationType: 'none',
  });
  const begun: Begun = { challenge: options.challenge, accountId: account.id };
  return { options, state: await sealState(begun, purposes.registration, encryptionKey, now()) };
}

/**
 * Stores the passkey that the browser created. Returns null if it was not created for this account, here and
 * now, or is known.
 */
export async function finishRegistration(
  { passkeys, encryptionKey, now }: PasskeyServices,
  accountId: string,
  name: string,
  url: string,
  { state, response }: { state: string; response: unknown },
): Promise<{ credentialId: string; createdAtMs: number } | null> {
  const begun = await openState<Begun>(state, purposes.registration, encryptionKey, now());
  if (begun === null || begun.accountId !== accountId) return null;
  const made = await orNull(() =>
    verifyRegistrationResponse({
      response: response as RegistrationResponseJSON,
      expectedChallenge: begun.challenge,
      ...expected(url),
    }),
  );
  if (!made?.verified) return null;
  const { id: credentialId, publicKey, counter } = made.registrationInfo.credential;
  const createdAtMs = now();
  const key = Buffer.from(publicKey).toString('base64url');
  const passkey = { credentialId, accountId, name, publicKey: key, counter, createdAtMs };
  return (await passkeys.add(passkey)) ? { credentialId, createdAtMs } : null;
}

/** Returns the options to sign in. They do not reveal who has a passkey: the browser knows. */
export async function beginLogin(
  { encryptionKey, now }: Omit<PasskeyServices, 'passkeys' | 'db'>,
  url: string,
): Promise<PasskeyStep> {
  const options = await generateAuthenticationOptions({
    rpID: new URL(url).hostname,
    userVerification: 'required',
  });
  const begun: Begun = { challenge: options.challenge };
  return { options, state: await sealState(begun, purposes.login, encryptionKey, now()) };
}

/** Returns whom the browser's answer proves, or null. An answer counts once: its challenge is used up. */
export async function finishLogin(
  { db, passkeys, encryptionKey, now }: PasskeyServices,
  url: string,
  { state, response }: { state: string; response: { id: string } },
): Promise<string | null> {
  const begun = await openState<Begun>(state, purposes.login, encryptionKey, now());
  const proof = begun === null ? null : await passkeys.find(response.id);
  if (begun === null || proof === null) return null;
  const answer = await orNull(() =>
    verifyAuthenticationResponse({
      response: response as AuthenticationResponseJSON,
      expectedChallenge: begun.challenge,
      credential: credentialOf(response.id, proof),
      ...expected(url),
    }),
  );
  if (!answer?.verified) return null;
  if (!(await useOnce(db, hashOfSecret(begun.challenge), now() + sealedStateMs))) return null;
  const { newCounter } = answer.authenticationInfo;
  return (await passkeys.used(response.id, proof.counter, newCounter, now())) ? proof.accountId : null;
}

function credentialOf(id: string, { publicKey, counter }: PasskeyProof) {
  return { id, publicKey: Uint8Array.from(Buffer.from(publicKey, 'base64url')), counter };
}

function expected(url: string) {
  const { origin, hostname } = new URL(url);
  return { expectedOrigin: origin, expectedRPID: hostname, requireUserVerification: true };
}

/** The library throws for any fault of an answer; the sender sees one message only. */
async function orNull<T>(verify: () => Promise<T>): Promise<T | null> {
  try {
    return await verify();
  } catch {
    return null;
  }
}
