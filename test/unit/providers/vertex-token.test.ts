// Tests signing in with a service account whose token endpoint does not answer.
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import { authorizeByAccount, tokenLimits } from '../../../src/providers/vertex-token.ts';

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('times out a request for a Vertex token, so another channel can be tried', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const account = {
    email: 'relay@project.test',
    privateKey: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    privateKeyId: null,
    projectId: 'project',
    tokenUri: 'https://accounts.test/token',
  };
  const arrived = Promise.withResolvers<void>();
  vi.stubGlobal('fetch', (_url: string, { signal }: RequestInit) => {
    arrived.resolve();
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  });
  vi.useFakeTimers({ now: 1_000_000, toFake: ['Date', 'setInterval', 'clearInterval'] });
  const request = { url: 'https://upstream.test', method: 'POST', headers: new Headers(), body: null };
  const signingIn = Promise.resolve(authorizeByAccount(request, account, () => undefined)).catch(
    (error: unknown) => error,
  );
  // Signing takes a moment.
  vi.advanceTimersByTime(50);
  await arrived.promise;
  vi.advanceTimersByTime(tokenLimits.waitMs - 50);
  expect(await signingIn).toMatchObject({ name: 'RelayError', code: 'upstream_timeout' });
});
