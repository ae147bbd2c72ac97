// Replays hand-written answers through the running relay: one stream and one whole body of each format, and stream
// framings that no recording has. Needs nothing outside of the repository.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowsOf } from '../../support/log-rows.ts';
import { exchange, inParallel, type RawResponse } from '../../support/raw-client.ts';
import type { RowTokens } from '../../support/recorded-usage.ts';
import { startRelay, type TestRelay } from '../../support/relay.ts';
import {
  type Delivery,
  type Recording,
  type ReplayUpstream,
  replayHeaders,
  startReplayUpstream,
} from '../../support/replay-upstream.ts';
import { withoutUsage } from './expected-answer.ts';
import { eventsOf, overSeveralLines, shapes } from './shapes.ts';

interface OwnCase {
  file: string;
  provider: 'openai' | 'anthropic' | 'gemini';
  path: string;
  stream: boolean;
  content_type: string;
  request: Record<string, unknown>;
  tokens: RowTokens;
}

const folder = fileURLToPath(new URL('../../fixtures/replay/', import.meta.url).href);
const cases = JSON.parse(readFileSync(`${folder}cases.json`, 'utf8')) as OwnCase[];
const textOf = ({ file }: OwnCase) => readFileSync(folder + file, 'utf8');
const isChat = ({ path }: OwnCase) => path.endsWith('/completions');
const allDeliveries: Delivery[] = ['whole', 'cuts', 'bytes'];
/** If nothing is changed on the way, the framing does not matter to the relay. */
const quickDeliveries: Delivery[] = ['whole', 'cuts'];
const framed = cases.filter(({ file }) => file.endsWith('.sse'));
const plain = 'plain';
const odd = 'with data over several lines';

describe('replaying hand-written answers', () => {
  let relay: TestRelay;
  let upstream: ReplayUpstream;
  let token = '';

  beforeAll(async () => {
    const recordings = new Map<string, Recording>();
    for (const own of cases) {
      const add = (shape: string, text: string) =>
        recordings.set(`${own.file} ${shape}`, {
          status: 200,
          headers: { 'content-type': own.content_type },
          bytes: Buffer.from(text),
        });
      add(plain, textOf(own));
      if (!framed.includes(own)) continue;
      for (const [name, shape] of Object.entries(shapes)) add(name, shape(textOf(own)));
      add(odd, overSeveralLines(textOf(own)));
    }
    [relay, upstream] = await Promise.all([startRelay(), startReplayUpstream(recordings)]);
    for (const provider of ['openai', 'anthropic', 'gemini'])
      await relay.channel({
        name: provider,
        provider,
        base_url: upstream.url,
        keys: ['a-key'],
        models: ['*'],
        settings: { forward_headers: Object.values(replayHeaders) },
      });
    token = (await relay.token()).token;
  });

  afterAll(async () => {
    await Promise.all([relay?.stop(), upstream?.stop()]);
  });

  function send(
    own: OwnCase,
    shape: string,
    delivery: Delivery,
    isUsageRequested: boolean,
  ): Promise<RawResponse> {
    const options =
      isChat(own) && own.stream && isUsageRequested ? { stream_options: { include_usage: true } } : {};
    return exchange({
      method: 'POST',
      url: relay.url + own.path,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        [replayHeaders.recording]: `${own.file} ${shape}`,
        [replayHeaders.delivery]: delivery,
      },
      body: JSON.stringify({ ...own.request, ...options }),
    });
  }

  it.each(cases.map((own) => [own.file, own] as const))(
    'passes %s with the same bytes',
    async (_name, own) => {
      const usageOptions = isChat(own) && own.stream ? [true, false] : [true];
      const tries = allDeliveries.flatMap((delivery) =>
        usageOptions.map((isRequested) => ({ delivery, isRequested })),
      );
      await inParallel(tries, 6, async ({ delivery, isRequested }) => {
        const answer = await send(own, plain, delivery, isRequested);
        const expected = isRequested ? textOf(own) : withoutUsage(textOf(own));
        expect({ delivery, isRequested, text: answer.bytes.toString() }).toEqual({
          delivery,
          isRequested,
          text: expected,
        });
        expect([answer.status, answer.headers['content-type'], answer.broken]).toEqual([
          200,
          own.content_type,
          false,
        ]);
      });
    },
  );

  describe.each(framed.map((own) => [own.file, own] as const))('%s', (_name, own) => {
    it.each(Object.keys(shapes))('returns the same bytes when sent byte by byte, framed %s', async (name) => {
      const shape = shapes[name] ?? ((text: string) => text);
      const isRequested = await inParallel(quickDeliveries, 2, (delivery) => send(own, name, delivery, true));
      for (const answer of isRequested) expect(answer.bytes.toString()).toBe(shape(textOf(own)));
      if (!isChat(own)) return;
      const stripped = await inParallel(allDeliveries, 3, (delivery) => send(own, name, delivery, false));
      for (const answer of stripped) expect(answer.bytes.toString()).toBe(shape(withoutUsage(textOf(own))));
    });

    it(`returns the same bytes when framed ${odd}, and the same events if usage is removed`, async () => {
      const text = overSeveralLines(textOf(own));
      for (const delivery of isChat(own) ? allDeliveries : quickDeliveries) {
        expect((await send(own, odd, delivery, true)).bytes.toString()).toBe(text);
        const stripped = (await send(own, odd, delivery, false)).bytes.toString();
        const expected = isChat(own) ? withoutUsage(textOf(own)) : text;
        expect(eventsOf(stripped)).toEqual(eventsOf(expected));
      }
    });
  });

  it('counts every format and response kind alike, by the upstream’s own figures', async () => {
    const tries = cases.flatMap((own) =>
      (framed.includes(own) ? [plain, ...Object.keys(shapes), odd] : [plain]).map((shape) => ({
        own,
        shape,
      })),
    );
    const answers = await inParallel(tries, 8, async ({ own, shape }) => {
      const { headers } = await send(own, shape, 'cuts', false);
      return { own, shape, id: String(headers['x-request-id']) };
    });
    const rows = await rowsOf(
      relay,
      answers.map(({ id }) => id),
    );
    const wrong = answers.flatMap(({ own, shape, id }) => {
      const row = rows.get(id);
      const good = Object.entries(own.tokens).every(
        ([field, count]) => row?.[field as keyof typeof row] === count,
      );
      return good && row?.error_code === null && row.usage_source === 'upstream' && row.stream === own.stream
        ? []
        : [`${own.file} ${shape}: ${JSON.stringify(row)}`];
    });
    expect(wrong).toEqual([]);
  });
});
