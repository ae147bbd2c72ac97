// Turns every recording that the relay can serve into requests: the channel, the route, the body, and what the
// upstream must receive.
import { referencesIn } from '../../../src/formats/references.ts';
import { allFixtures, type Fixture, seededNumbers } from '../../support/fixtures.ts';
import { type Delivery, replayHeaders } from '../../support/replay-upstream.ts';

/** Channels by their `provider` name. */
type ChannelKind = 'openai' | 'azure' | 'anthropic' | 'gemini' | 'cohere' | 'voyage' | 'openai-compatible';

/** Whether the caller of a chat stream requests its usage; null if that does not apply. */
type UsageOption = 'requested' | 'not requested' | null;

/** A single request for a single recording. */
export interface Replay {
  id: string;
  fixture: Fixture;
  delivery: Delivery;
  usageOption: UsageOption;
  /** The channel's name: one per kind, and a separate one per failure, which would put the others into cooldown. */
  channel: string;
  channelKind: ChannelKind;
  /** The model as the caller names it, and as the upstream does. */
  model: string;
  upstreamModel: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer | undefined;
  /** Path and body that the upstream must receive. */
  upstreamPath: string;
  upstreamBody: Buffer | undefined;
}

/** The largest body that is delivered byte by byte. */
const largestBytewise = 8_192;

const paths: Record<string, string> = {
  'chat-completions': '/chat/completions',
  completions: '/completions',
  responses: '/responses',
  embeddings: '/embeddings',
  moderations: '/moderations',
  rerank: '/rerank',
  messages: '/messages',
  'count-tokens': '/messages/count_tokens',
  'audio-speech': '/audio/speech',
  'audio-transcriptions': '/audio/transcriptions',
  'audio-translations': '/audio/translations',
  'images-generations': '/images/generations',
  'images-edits': '/images/edits',
};

const geminiVerbs = new Set([
  'generateContent',
  'streamGenerateContent',
  'streamGenerateContent-array',
  'countTokens',
  'embedContent',
  'batchEmbedContents',
]);

/** Returns recordings with the provider's original bytes, of endpoints that are relayed in the provider's format. */
export function replayableFixtures(): Fixture[] {
  return allFixtures().filter(
    ({ meta }) =>
      ['exact', 'verbatim'].includes(meta.fidelity) &&
      (meta.endpoint in paths || geminiVerbs.has(meta.endpoint) || meta.endpoint === 'responses-sub'),
  );
}

/** Returns all ways to request a recording: each delivery, and chat streams with and without their usage. */
export function replaysOf(fixture: Fixture): Replay[] {
  const deliveries: Delivery[] =
    fixture.bytes.length > largestBytewise ? ['whole', 'cuts'] : ['whole', 'cuts', 'bytes'];
  const options: UsageOption[] = isChatStream(fixture) ? ['requested', 'not requested'] : [null];
  return deliveries.flatMap((delivery) => options.map((option) => replayOf(fixture, delivery, option)));
}

/** Ids in the request that the relay knows only after it has seen their creation. */
export function idsNamedBy(fixture: Fixture): string[] {
  // Google's ids are paths that no response creates: their channels share them.
  const inBody = referencesIn(fixture.request)
    .map(({ id }) => id)
    .filter((id) => !id.includes('/'));
  const stored = /^\/v1\/responses\/([^/?]+)/.exec(fixture.meta.path)?.[1];
  return fixture.meta.endpoint === 'responses-sub' && stored ? [stored, ...inBody] : inBody;
}

function isChatStream({ meta, request }: Fixture): boolean {
  const isChat = meta.endpoint === 'chat-completions' || meta.endpoint === 'completions';
  return isChat && (request as { stream?: unknown }).stream === true;
}

function replayOf(fixture: Fixture, delivery: Delivery, usageOption: UsageOption): Replay {
  const { meta, name } = fixture;
  const channelKind = kindOfChannel(fixture);
  const fails = meta.status >= 400 || meta.features.includes('error');
  const channel = fails ? `${name} ${delivery} ${usageOption}`.replaceAll(/[^\w.-]/g, '-') : channelKind;
  // Images have a default model: a request without one is served under the default's own name.
  const upstreamModel = namesNoModel(fixture) ? 'dall-e-2' : decodeURIComponent(meta.model ?? 'a-model');
  const model = namesNoModel(fixture) ? upstreamModel : `${channel}/${upstreamModel}`;
  const id = `${name} ${delivery}${usageOption === null ? '' : `, usage ${usageOption}`}`;
  const bodyFor = bodyOf(fixture, usageOption, `${name}-boundary`.replaceAll('/', '-').slice(-60));
  return {
    id,
    fixture,
    delivery,
    usageOption,
    channel,
    channelKind,
    model,
    upstreamModel,
    method: meta.method,
    path: pathOf(fixture, model),
    headers: {
      ...credentialHeader(fixture),
      ...(bodyFor && { 'content-type': bodyFor.contentType }),
      [replayHeaders.recording]: name,
      [replayHeaders.delivery]: delivery,
      [replayHeaders.request]: id,
    },
    body: bodyFor?.with(model),
    upstreamPath: upstreamPathOf(fixture, channelKind, upstreamModel),
    upstreamBody: bodyFor?.with(upstreamModel),
  };
}

function namesNoModel({ meta }: Fixture): boolean {
  return !meta.model && meta.endpoint.startsWith('images');
}

function kindOfChannel({ meta: { provider, endpoint } }: Fixture): ChannelKind {
  if (geminiVerbs.has(endpoint)) return 'gemini';
  if (endpoint === 'messages' || endpoint === 'count-tokens') return 'anthropic';
  const own = ['openai', 'azure', 'cohere', 'voyage'] as const;
  return own.find((kind) => kind === provider) ?? 'openai-compatible';
}

function credentialHeader({ meta: { endpoint } }: Fixture): Record<string, string> {
  if (geminiVerbs.has(endpoint)) return { 'x-goog-api-key': '' };
  if (endpoint === 'messages' || endpoint === 'count-tokens')
    return { 'x-api-key': '', 'anthropic-version': '2023-06-01' };
  return { authorization: '' };
}

function pathOf({ meta }: Fixture, model: string): string {
  const { endpoint, path } = meta;
  if (endpoint === 'responses-sub') return path;
  const query = /\?.*$/.exec(path)?.[0] ?? '';
  if (!geminiVerbs.has(endpoint)) return `/v1${paths[endpoint]}`;
  return `/v1beta/models/${encodeURI(model)}:${endpoint.replace('-array', '')}${query}`;
}

function upstreamPathOf(fixture: Fixture, kind: ChannelKind, model: string): string {
  const { endpoint, path } = fixture.meta;
  if (endpoint === 'responses-sub') return path;
  // Google's own clients may write `models/` before the name; in the path it appears once.
  if (kind === 'gemini') {
    // Of Google's parameters only `alt=sse` is forwarded: others can hide the usage.
    const [path = '', query = ''] = pathOf(fixture, model.replace(/^models\//, '')).split('?');
    return new URLSearchParams(query).get('alt') === 'sse' ? `${path}?alt=sse` : path;
  }
  const prefix = { azure: '/openai/v1', cohere: '/v2' }[kind as string] ?? '/v1';
  return `${prefix}${paths[endpoint]}`;
}

interface BodyMaker {
  contentType: string;
  with(model: string): Buffer;
}

function bodyOf(fixture: Fixture, usageOption: UsageOption, boundary: string): BodyMaker | null {
  const { meta, request } = fixture;
  if (meta.method !== 'POST') return null;
  const form = (meta as { request_form?: Form }).request_form;
  if (form) {
    const contentType = `multipart/form-data; boundary=${boundary}`;
    return { contentType, with: (model) => formBytes(form, model, boundary) };
  }
  const isInPath = geminiVerbs.has(meta.endpoint);
  const given = (request ?? { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] }) as Record<
    string,
    unknown
  >;
  const needsModel = !isInPath && !namesNoModel(fixture);
  const { stream_options: _dropped, ...withoutOptions } = given;
  const withOption =
    usageOption === 'requested'
      ? { ...given, stream_options: { include_usage: true } }
      : usageOption === null
        ? given
        : withoutOptions;
  return {
    contentType: 'application/json',
    with: (model) => Buffer.from(JSON.stringify(needsModel ? { ...withOption, model } : withOption)),
  };
}

type Form = Record<string, string | { filename: string; content_type: string | null; bytes: number }>;

/** Returns the recorded form's fields in order, with files made of seeded bytes (at most 4 KB of them). */
function formBytes(form: Form, model: string, boundary: string): Buffer {
  const random = seededNumbers(7);
  const parts = Object.entries(form).flatMap(([name, value]) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"`;
    if (typeof value === 'string')
      return [Buffer.from(`${head}\r\n\r\n${name === 'model' ? model : value}\r\n`)];
    const bytes = Uint8Array.from({ length: Math.min(value.bytes, 4_096) }, () => random() * 256);
    const type = value.content_type?.trim() || 'application/octet-stream';
    const filename = value.filename.split(/[\\/]/).at(-1);
    return [
      Buffer.from(`${head}; filename="${filename}"\r\nContent-Type: ${type}\r\n\r\n`),
      bytes,
      Buffer.from('\r\n'),
    ];
  });
  return Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]);
}
