// Tests tokens that are deleted or disabled while their streams run: the streams end within a second with the
// reason.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endless, kinds, type StreamKind } from '../sockets/endless.ts';
import { balanceOf, nano, requestStream, rowsOf, type Scene, sleep, startScene } from '../sockets/scene.ts';

let scene: Scene;
let closed = 0;

beforeAll(async () => {
  scene = await startScene(endless(() => closed++));
});
afterAll(() => scene?.stop());

const streams = Array.from({ length: 20 }, (_, index) => kinds[index % kinds.length] as StreamKind);

it.each([
  ['deleted', 'invalid_api_key', 'API_KEY_INVALID'],
  ['disabled', 'token_disabled', 'TOKEN_DISABLED'],
] as const)(
  'ends twenty streams of a %s token with their formats’ own error events',
  async (change, code, reason) => {
    const { relay } = scene;
    closed = 0;
    const { id, token } = await relay.token();
    const running = await Promise.all(streams.map((kind) => requestStream(relay, kind, token)));
    expect(running.map(({ status }) => status)).toEqual(streams.map(() => 200));
    const texts = running.map(async (response) => ({ text: await response.text(), endedAtMs: Date.now() }));
    await sleep(700);
    if (change === 'deleted') await relay.manage('DELETE', `/api/tokens/${id}`);
    else await relay.manage('PATCH', `/api/tokens/${id}`, { status: 'disabled' });
    const answeredAtMs = Date.now();
    const next = await requestStream(relay, kinds[0] as StreamKind, token);
    expect(next.status).toBe(401);
    await next.text();
    const ends = await Promise.all(texts);
    expect(Math.max(...ends.map(({ endedAtMs }) => endedAtMs)) - answeredAtMs).toBeLessThan(1_000);
    streams.forEach((kind, index) => {
      const error = kind.errorIn(ends[index]?.text ?? '');
      expect(error.message).toMatch(change === 'deleted' ? /deleted/ : /disabled/);
      expectCode(kind, error, code, reason);
    });
    await sleep(100);
    expect(closed).toBe(20);
    const rows = (await rowsOf(relay, id, 21)).filter(({ usage_source }) => usage_source !== null);
    expect(rows.map(({ error_code }) => error_code)).toEqual(streams.map(() => code));
    for (const { cost_usd, output_tokens } of rows) {
      expect(cost_usd).toBeGreaterThan(0);
      expect(output_tokens).toBeGreaterThan(0);
    }
    if (change === 'deleted') return;
    const { spent_usd, reserved_usd, open_requests } = await balanceOf(relay, id);
    expect({ reserved_usd, open_requests }).toEqual({ reserved_usd: 0, open_requests: 0 });
    expect(nano(spent_usd)).toBe(rows.reduce((sum, { cost_usd }) => sum + nano(cost_usd), 0));
  },
);

function expectCode(kind: StreamKind, error: Record<string, unknown>, code: string, reason: string): void {
  if (kind.name === 'messages') expect(error.type).toBe('authentication_error');
  else if (kind.name.startsWith('generate')) {
    expect(error).toMatchObject({ code: 401, status: 'UNAUTHENTICATED', details: [{ reason }] });
  } else expect(error.code).toBe(code);
}
