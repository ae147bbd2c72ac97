// Runs every format in and every format out, streamed and not, for everything in features.ts: through the official
// SDKs and a running relay to an imitated model with all four formats.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRelay, type TestRelay } from '../../../support/relay.ts';
import { startUpstream, type TestUpstream } from '../../../support/upstream.ts';
import { callers } from './callers.ts';
import { type Feature, features, stopWords } from './features.ts';
import { type CallerView, type Format, formats, type Script, type UpstreamView } from './script.ts';
import { formatOfPath, scriptedModel, upstreamFormats } from './upstream-formats.ts';

let relay: TestRelay;
let upstream: TestUpstream;
let token: string;

/** Names the requests of one cell, which lets cells run in parallel. */
const modelOf = ({ feature, channel }: Cell, id: string) =>
  `${feature.question.effort === undefined ? prefixes[channel] : thinkers[channel]}-${id}`;
/** Prefixes of models whose generation has everything: limits of older ones are in test/unit/formats. */
const prefixes: Record<Format, string> = {
  'openai-chat': 'gpt-4o',
  'openai-responses': 'gpt-4.1',
  'anthropic-messages': 'claude-opus-4-5',
  'gemini-generate': 'gemini-3-pro',
};
/** OpenAI's reasoning models accept no temperature, and the others no effort. */
const thinkers: Record<Format, string> = { ...prefixes, 'openai-responses': 'gpt-5.1' };
const providers: Record<Format, string> = {
  'openai-chat': 'openai-compatible',
  'openai-responses': 'openai',
  'anthropic-messages': 'anthropic',
  'gemini-generate': 'gemini',
};
const scripts = new Map<string, Script>();

beforeAll(async () => {
  upstream = await startUpstream(
    scriptedModel((_format, _body, model) => scripts.get(model) ?? { refuse: `no script for ${model}` }),
  );
  relay = await startRelay();
  for (const format of formats) {
    await relay.channel({
      name: format,
      provider: providers[format],
      base_url: upstream.url,
      keys: ['upstream-key'],
      models: [`${prefixes[format]}-*`, `${thinkers[format]}-*`],
    });
  }
  ({ token } = await relay.token());
});

afterAll(async () => {
  await Promise.all([relay?.stop(), upstream?.stop()]);
});

interface Cell {
  feature: Feature;
  caller: Format;
  channel: Format;
  stream: boolean;
}

const cells: Cell[] = features.flatMap((feature) =>
  formats.flatMap((caller) =>
    formats.flatMap((channel) => [false, true].map((stream) => ({ feature, caller, channel, stream }))),
  ),
);
const reasonOf = ({ feature, caller }: Cell) => feature.callerCannot?.[caller];

/** Returns whether the cell is native elsewhere: chat callers of an OpenAI channel never use the Responses API. */
const nativeElsewhere = ({ caller, channel }: Cell) =>
  caller === 'openai-chat' && channel === 'openai-responses';

describe.concurrent('the matrix', () => {
  for (const [index, cell] of cells.entries()) {
    const { feature, caller, channel, stream } = cell;
    if (reasonOf(cell) !== undefined) continue;
    const name = `${feature.name}: ${caller} → ${nativeElsewhere(cell) ? 'openai (its chat)' : channel}${stream ? ', streamed' : ''}`;
    it(name, () => runCell(cell, String(index)));
  }
});

async function runCell(cell: Cell, id: string): Promise<void> {
  const { feature, caller, channel, stream } = cell;
  const model = modelOf(cell, id);
  scripts.set(model, feature.answer);
  const { body, call } = callers[caller];
  const { view, headers } = await call({ url: relay.url, token }, body(feature.question, model), stream);
  const received = upstream.received.find(
    (request) => request.path.includes(model) || request.body.includes(`"${model}"`),
  );
  if (received === undefined) throw new Error('nothing arrived');
  const sent = JSON.parse(received.body.toString());
  const { format, streams } = formatOfPath(received.path, sent);
  expect(streams).toBe(stream);
  if (!nativeElsewhere(cell)) expect(format).toBe(channel);
  expectUpstreamView(upstreamFormats[format].view(sent), cell, format, headers);
  expectCallerView(view, cell, format);
}

function expectUpstreamView(
  view: UpstreamView,
  { feature, caller, stream }: Cell,
  format: Format,
  headers: Headers,
): void {
  if (feature.channelCannot?.[format] === undefined) {
    expect(view).toMatchObject(feature.upstreamView ?? {});
  } else if (feature.upstreamView !== undefined && caller !== format && !isExpressedInText(feature)) {
    expect(view).not.toMatchObject(feature.upstreamView);
    if (!stream) expect(headers.get('x-relay-dropped')).toMatch(/^[a-z]/);
  }
}

/** Returns whether the feature is expressed in text instead, which is no loss. */
const isExpressedInText = ({ channelCannot }: Feature) =>
  Object.values(channelCannot ?? {}).some((reason) => reason.includes('in words'));

function expectCallerView(view: CallerView, { feature, caller }: Cell, format: Format): void {
  const { answer } = feature;
  const textPart = answer.refusal === undefined ? { text: answer.text ?? '' } : {};
  expect(view).toMatchObject({
    ...textPart,
    calls: (answer.calls ?? []).map(({ name, args }) => ({ name, args })),
    stop: stopOf(feature, caller, format),
    usage: answer.usage,
  });
  if (answer.refusal !== undefined) expect(view.refusal + view.text).toBe(answer.refusal);
  if (feature.channelCannot?.[format] === undefined) expect(view).toMatchObject(feature.callerView ?? {});
}

/** Returns the caller's finish reason for how the upstream's format reports the stop. */
function stopOf({ answer }: Feature, caller: Format, channel: Format): string {
  const words = stopWords[caller];
  if (answer.stop === 'sequence') return channel === 'anthropic-messages' ? words.sequence : words.stop;
  if (answer.stop === 'refusal') return refusalStop(caller, channel);
  return words[answer.stop];
}

/** Returns the finish reason of a refusal: OpenAI's formats stop as usual, and have a member for its text. */
function refusalStop(caller: Format, channel: Format): string {
  const hasOwnMember = channel === 'openai-chat' || channel === 'openai-responses';
  if (hasOwnMember && (caller === 'openai-chat' || caller === 'openai-responses'))
    return stopWords[caller].stop;
  return stopWords[caller].refusal;
}

it('leaves no cell empty without a reason', () => {
  const left = cells.filter((cell) => reasonOf(cell) !== undefined);
  for (const cell of left) expect(reasonOf(cell)).toMatch(/\w/);
  console.log(
    `matrix: ${cells.length - left.length} cells run, ${left.length} left out, each with a reason in features.ts`,
  );
});
