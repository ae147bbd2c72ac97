// Whether an upstream is read on when its client has left.

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
  ['… before anything was seen', { model: 'gpt-5', text: ': hi\n\n' }, false],
  ['… whose usage is known already', { model: 'gpt-5', text: word + usage }, false],
  ['… of a channel that says abort', { model: 'gpt-5', onDisconnect: 'abort' }, false],
  ['a model that does not reason', { model: 'gpt-4o' }, false],
  ['… of a channel that says drain', { model: 'gpt-4o', onDisconnect: 'drain' }, true],
  [
    'Claude that is asked to think',
    { model: 'claude-opus-4-8', body: { thinking: { type: 'adaptive' } } },
    true,
  ],
  ['Claude that is not', { model: 'claude-opus-4-8' }, false],
  ['an unknown model at first', { model: 'my-own', elapsedMs: afterMs - 1 }, false],
  ['an unknown model that has shown little for long', { model: 'my-own', elapsedMs: afterMs }, true],
  [
    'an unknown model that has shown much',
    { model: 'my-own', elapsedMs: afterMs, text: word.repeat(40) },
    false,
  ],
  ['sound', { model: 'gpt-4o-mini-tts', kind: 'openai-speech', framing: 'opaque' }, true],
  ['an object that is not whole', { model: 'gpt-4o', framing: 'json', text: '{"a":' }, true],
])('of %s', (_, left, isDrained) => {
  expect(drains(left)).toBe(isDrained);
});
