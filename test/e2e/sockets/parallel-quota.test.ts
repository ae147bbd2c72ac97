// Sends two hundred requests at once with a token that has room for fifty: fifty run, and the charge is exact.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { balanceOf, nano, rowsOf, type Scene, sleep, startScene } from './scene.ts';

let scene: Scene;
const waiting: (() => void)[] = [];

beforeAll(async () => {
  scene = await startScene(({ path }, response) => {
    waiting.push(() => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers(path)));
    });
  });
});
afterAll(() => scene?.stop());

function answers(path: string): object {
  if (path.includes('chat'))
    return { choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } };
  if (path.includes('messages'))
    return { type: 'message', content: [], usage: { input_tokens: 11, output_tokens: 7 } };
  return {
    candidates: [],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
  };
}

const hi = [{ role: 'user', content: 'hi' }];
const apis = [
  {
    api: 'openai',
    path: '/v1/chat/completions',
    body: { model: 'gpt-4o', max_tokens: 100, messages: hi },
    refusal: { status: 429, body: { error: { type: 'insufficient_quota', code: 'insufficient_quota' } } },
  },
  {
    api: 'anthropic',
    path: '/v1/messages',
    body: { model: 'claude-3-5-haiku-20241022', max_tokens: 100, messages: hi },
    refusal: { status: 402, body: { type: 'error', error: { type: 'billing_error' } } },
  },
  {
    api: 'gemini',
    path: '/v1beta/models/gemini-2.0-flash:generateContent',
    body: { contents: [{ parts: [{ text: 'hi' }] }], generationConfig: { maxOutputTokens: 100 } },
    refusal: { status: 429, body: { error: { code: 429, status: 'RESOURCE_EXHAUSTED' } } },
  },
] as const;

it.each(apis)(
  'answers 50 parallel requests, refuses 150, and charges exactly on $api',
  async ({ path, body, refusal }) => {
    const { relay } = scene;
    const call = async (token: string) => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      const response = await fetch(relay.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: response.status, headers: response.headers, body: (await response.json()) as object };
    };
    const reserved = await reservationOf(call);
    const { id, token } = await relay.token({ quota_usd: (50 * reserved) / 1e9 });
    let decided = 0;
    const calls = Array.from({ length: 200 }, async () => {
      const reply = await call(token);
      if (reply.status !== 200) decided += 1;
      return reply;
    });
    await until(() => decided + waiting.length === 200);
    expect(await balanceOf(relay, id)).toMatchObject({ open_requests: 50, spent_usd: 0 });
    expect(nano((await balanceOf(relay, id)).reserved_usd)).toBe(50 * reserved);
    for (const answer of waiting.splice(0)) answer();
    const replies = await Promise.all(calls);
    const refused = replies.filter(({ status }) => status !== 200);
    expect({ answered: replies.length - refused.length, refused: refused.length }).toEqual({
      answered: 50,
      refused: 150,
    });
    for (const reply of refused) {
      expect(reply).toMatchObject(refusal);
      expect(reply.headers.get('x-should-retry')).toBe('false');
    }
    const counted = (rows: readonly { count: number }[]) => rows.reduce((sum, { count }) => sum + count, 0);
    await expect.poll(async () => counted(await rowsOf(relay, id, 51)), { timeout: 6_000 }).toBe(200);
    const rows = await rowsOf(relay, id, 51);
    const spent = rows.reduce((sum, { cost_usd }) => sum + nano(cost_usd), 0);
    expect(rows.filter(({ status }) => status === 200)).toHaveLength(50);
    // Equal refusals are one row, or two if the minute ended between them.
    const refusals = rows.filter(({ status }) => status !== 200);
    expect(counted(refusals)).toBe(150);
    expect(refusals.length).toBeLessThanOrEqual(2);
    for (const row of refusals) expect(row).toMatchObject({ status: refusal.status, cost_usd: 0 });
    const balance = await balanceOf(relay, id);
    expect(balance).toMatchObject({ reserved_usd: 0, open_requests: 0 });
    expect(nano(balance.spent_usd)).toBe(spent);
    expect(spent).toBeGreaterThan(0);
  },
);

/** Returns what one such request reserves in nano-USD, as the ledger reports it while one is running. */
async function reservationOf(call: (token: string) => Promise<unknown>): Promise<number> {
  const { id, token } = await scene.relay.token({ quota_usd: 1 });
  const running = call(token);
  await until(() => waiting.length === 1);
  const { reserved_usd } = await balanceOf(scene.relay, id);
  for (const answer of waiting.splice(0)) answer();
  await running;
  return nano(reserved_usd);
}

async function until(isSo: () => boolean): Promise<void> {
  for (let waits = 0; !isSo(); waits++) {
    if (waits > 1_500) throw new Error(`not within fifteen seconds: ${waiting.length} wait`);
    await sleep(10);
  }
}
