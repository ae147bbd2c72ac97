// Recordings of providers' responses. They are not part of the repository: tests read them from ../shared/fixtures
// (beside the repository) if that folder exists, and are skipped with a message if not.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FormatId } from '../../src/formats/format-id.ts';
import { createMeter, type Meter } from '../../src/formats/meter.ts';
import type { Framing } from '../../src/formats/observation.ts';
import { formatOf } from './formats.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url).href);

/** Whether the recordings exist. */
export const haveFixtures = existsSync(`${folder}cases.json`);

/** Reports once in a test file why its replay is skipped. */
export function reportSkippedReplay(): void {
  if (!haveFixtures) console.warn(`left out: no recordings at ${folder}`);
}

/** The metadata of one recording, from its meta.json. */
interface FixtureMeta {
  case: string;
  provider: string;
  endpoint: string;
  method: string;
  path: string;
  status: number;
  content_type?: string;
  model?: string;
  stream: boolean;
  features: string[];
  fidelity: string;
  trimmed?: unknown;
  request_trimmed?: unknown;
  usage?: ({ raw?: Record<string, unknown> } & Record<string, unknown>) | null;
  response_file: string;
}

export interface Fixture {
  /** `provider/endpoint/name`. */
  name: string;
  meta: FixtureMeta;
  /** The response body. */
  bytes: Uint8Array;
  /** The request's JSON body; undefined for GET and multipart. */
  request: unknown;
}

interface CaseLine {
  dir: string;
  status: number;
  file: string;
}

let loaded: Fixture[] | undefined;

/** Returns all recordings except WebSocket transcripts; an empty list if the folder does not exist. */
export function allFixtures(): Fixture[] {
  if (!haveFixtures) return [];
  loaded ??= (JSON.parse(readFileSync(`${folder}cases.json`, 'utf8')) as CaseLine[])
    .filter((line) => line.file.startsWith('response'))
    .map((line) => readFixture(line.dir));
  return loaded;
}

function readFixture(name: string): Fixture {
  const meta = JSON.parse(readFileSync(`${folder}${name}/meta.json`, 'utf8')) as FixtureMeta;
  const requestFile = `${folder}${name}/request.json`;
  return {
    name,
    meta,
    bytes: new Uint8Array(readFileSync(`${folder}${name}/${meta.response_file}`)),
    request: existsSync(requestFile) ? JSON.parse(readFileSync(requestFile, 'utf8')) : undefined,
  };
}

const kinds: Record<string, FormatId> = {
  'chat-completions': 'openai-chat',
  completions: 'openai-completions',
  responses: 'openai-responses',
  'responses-sub': 'openai-responses',
  messages: 'anthropic-messages',
  generateContent: 'gemini-generate',
  streamGenerateContent: 'gemini-generate',
  'streamGenerateContent-array': 'gemini-generate',
  embeddings: 'openai-embeddings',
  embed: 'openai-embeddings',
  embedContent: 'gemini-embeddings',
  batchEmbedContents: 'gemini-embeddings',
  moderations: 'openai-moderations',
  'audio-speech': 'openai-speech',
  'audio-transcriptions': 'openai-transcription',
  'audio-translations': 'openai-transcription',
  'images-generations': 'openai-images',
  'images-edits': 'openai-images',
};

const rerankKinds: Record<string, FormatId> = { cohere: 'cohere-rerank', voyage: 'voyage-rerank' };

/** Returns the meter's format for a recording; null for endpoints that the relay does not meter. */
export function kindOf({ meta }: Fixture): FormatId | null {
  if (meta.endpoint === 'rerank') return rerankKinds[meta.provider] ?? 'jina-rerank';
  return kinds[meta.endpoint] ?? null;
}

/** Returns how the recording's body is framed. */
export function framingOf({ meta }: Fixture): Framing {
  if (meta.response_file.endsWith('.sse')) return 'sse';
  if (meta.endpoint === 'streamGenerateContent-array') return 'json-array';
  return meta.response_file.endsWith('.json') ? 'json' : 'opaque';
}

/** Returns the meter of a recording after its whole body, or after these pieces of it. */
export function meterOf(fixture: Fixture, pieces: readonly Uint8Array[] = [fixture.bytes]): Meter {
  const meter = createMeter(formatOf(kindOf(fixture) ?? 'unread'), framingOf(fixture));
  for (const piece of pieces) meter.push(piece);
  meter.end();
  return meter;
}

/** Splits bytes into pieces of 1 to `largest` bytes, the same for the same seed. */
export function cutAtSeed(bytes: Uint8Array, seed: number, largest: number): Uint8Array[] {
  const next = seededNumbers(seed);
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + Math.floor(next() * largest);
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

/** Returns a generator of numbers in [0, 1), always the same for a seed (mulberry32). */
export function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
