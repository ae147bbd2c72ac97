// Decides whether to read an upstream on after its client disconnected.

import { expect, it } from 'vitest';
import type { FormatId } from '../../../../src/formats/format-id.ts';
import { createMeter } from '../../../../src/formats/meter.ts';
import type { Framing } from '../../../../src/formats/observation.ts';
import { streamRhythm } from '../../../../src/relay/limits.ts';
import { drainMsOf, type LeftStream, silentThought } from '../../../../src/relay/response/on-disconnect.ts';
import { formatOf } from '../../../support/formats.ts';

interface Case {
  model: string;
  kind?: FormatId;
  framing?: Framing;
  text?: string;
  onDisconnect?: 'abort' | 'drain';
  elapsedMs?: number;
  body?: object;
}

const word = `data: ${JSON.stringify({ choices: [{ delta: { content: 'some words' } }] })}\n\n`;
const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 1 } })}\n\ndata: [DONE]\n\n`;

function drains({
  model,
  kind = 'openai-chat',
  framing = 'sse',
  text = word,
  onDisconnect,
  elapsedMs = 100,
  body = {},
}: Case): boolean {
  const meter = createMeter(formatOf(kind), framing);
  meter.push(new TextEncoder().encode(text));
  const settings = onDisconnect === undefined ? {} : { onDisconnect };
  const left = {
    call: { endpoint: { format: formatOf(kind) } },
    plan: { model, body: { type: 'json', value: body, text: JSON.stringify(body) } },
    route: { upstreamModel: model, channel: { settings } },
    meter,
    elapsedMs,
  };
  const drainMs = drainMsOf(left as unknown as LeftStream);
  expect([0, streamRhythm.drainMs]).toContain(drainMs);
  return drainMs > 0;
}

const { afterMs } = silentThought;

it.each<[string, Case, boolean]>([
  ['a model that reasons unseen', { model: 'gpt-5' }, true],
  ['a model that reasons unseen, before any output', { model: 'gpt-5', text: ': hi\n\n' }, false],
  ['a model that reasons unseen, with known usage', { model: 'gpt-5', text: word + usage }, false],
  [
    'a model that reasons unseen, on a channel set to abort',
    { model: 'gpt-5', onDisconnect: 'abort' },
    false,
  ],
  ['a model that does not reason', { model: 'gpt-4o' }, false],
  [
    'a model that does not reason, on a channel set to drain',
    { model: 'gpt-4o', onDisconnect: 'drain' },
    true,
  ],
  [
    'Claude with thinking enabled',
    { model: 'claude-opus-4-8', body: { thinking: { type: 'adaptive' } } },
    true,
  ],
  ['Claude without thinking', { model: 'claude-opus-4-8' }, false],
  ['an unknown model at the beginning', { model: 'my-own', elapsedMs: afterMs - 1 }, false],
  ['an unknown model with little output for long', { model: 'my-own', elapsedMs: afterMs }, true],
  [
    'an unknown model with much output',
    { model: 'my-own', elapsedMs: afterMs, text: word.repeat(40) },
    false,
  ],
  ['speech', { model: 'gpt-4o-mini-tts', kind: 'openai-speech', framing: 'opaque' }, true],
  ['an incomplete JSON object', { model: 'gpt-4o', framing: 'json', text: '{"a":' }, true],
])('decides whether to drain or abort %s', (_, left, isDrained) => {
  expect(drains(left)).toBe(isDrained);
});
