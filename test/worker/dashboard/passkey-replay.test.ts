// A passkey response signs in once, also if the passkey does not count its uses (synchronized ones do not).

import { env } from 'cloudflare:workers';
import { createHash, createSign, generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { openDashboard, origin } from './open-dashboard.ts';

const credentialId = Buffer.from('a passkey of the tests').toString('base64url');
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The public key as COSE (RFC 9053): EC2, ES256, P-256. */
function cosePublicKey(): string {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = (label: number, value: string) => [label, 0x58, 0x20, ...Buffer.from(value, 'base64url')];
  const map = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, ...point(0x21, x), ...point(0x22, y)];
  return Buffer.from(map).toString('base64url');
}

/** Returns a browser's response to a challenge (WebAuthn, section 6.3.3): user present and verified, counter 0. */
function answerTo(challenge: string) {
  const client = Buffer.from(JSON.stringify({ type: 'webauthn.get', challenge, origin, crossOrigin: false }));
  const hash = (data: string | Buffer) => createHash('sha256').update(data).digest();
  const authenticatorData = Buffer.concat([hash(new URL(origin).hostname), Buffer.from([0x05, 0, 0, 0, 0])]);
  const signature = createSign('SHA256')
    .update(Buffer.concat([authenticatorData, hash(client)]))
    .sign(privateKey);
  return {
    id: credentialId,
    rawId: credentialId,
    type: 'public-key',
    clientExtensionResults: {},
    response: {
      clientDataJSON: client.toString('base64url'),
      authenticatorData: authenticatorData.toString('base64url'),
      signature: signature.toString('base64url'),
    },
  };
}

it('accepts one passkey response once, and a new one again', async () => {
  const { relay } = await openDashboard();
  await env.DB.prepare(
    `INSERT INTO passkeys (credential_id, account_id, name, public_key, counter, created_at) VALUES (?, 'acc_bob', 'p', ?, 0, 1)`,
  )
    .bind(credentialId, cosePublicKey())
    .run();
  const post = (path: string, body?: object) =>
    relay.fetch(`/dashboard/login/passkey${path}`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const answer = async () => {
    const { options, state } = (await post('/options')).body;
    return { state, response: answerTo(options.challenge) };
  };
  const first = await answer();
  expect((await post('', first)).status).toBe(200);
  expect((await post('', first)).status).toBe(401);
  const second = await answer();
  const together = await Promise.all([post('', second), post('', second), post('', second)]);
  expect(together.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
});
