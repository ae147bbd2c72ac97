// Transcripts of realtime sessions as lists of both sides' frames: the repository's own, and the recordings if
// they exist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Script, UpstreamSession } from './realtime-upstream.ts';

/** One frame. */
interface Line {
  dir: 'client' | 'server';
  event: { type: string; response?: { usage?: Record<string, unknown> }; usage?: Record<string, unknown> };
}

export interface Transcript {
  name: string;
  provider: 'openai' | 'azure' | 'openai-compatible';
  lines: Line[];
}

const own = fileURLToPath(new URL('../fixtures/realtime/', import.meta.url).href);
const shared = fileURLToPath(new URL('../../../shared/fixtures/', import.meta.url).href);
const providers = { openai: 'openai', azure: 'azure', xai: 'openai-compatible' } as const;

/** Returns every transcript in OpenAI's protocol. */
export function transcripts(): Transcript[] {
  const ours = readdirSync(own).map((file) => read(`${own}${file}`, `own/${file}`, 'openai'));
  const recorded = Object.entries(providers).flatMap(([folder, provider]) => {
    const path = `${shared}${folder}/realtime/`;
    if (!existsSync(path)) return [];
    return readdirSync(path).map((name) =>
      read(`${path}${name}/transcript.jsonl`, `${folder}/${name}`, provider),
    );
  });
  return [...ours, ...recorded].filter(({ lines }) => lines.some(({ dir }) => dir === 'client'));
}

function read(path: string, name: string, provider: Transcript['provider']): Transcript {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  const parsed = lines.map((line) => JSON.parse(line) as Line).filter(({ event }) => event !== undefined);
  return { name, provider, lines: parsed };
}

/** Returns the recordings of Gemini's Live API; an empty list if they do not exist. */
export function liveTranscripts(): { name: string; lines: LiveLine[] }[] {
  const path = `${shared}gemini/realtime/`;
  if (!existsSync(path)) return [];
  return readdirSync(path).map((name) => {
    const lines = readFileSync(`${path}${name}/transcript.jsonl`, 'utf8').trim().split('\n');
    return { name, lines: lines.map((line) => JSON.parse(line) as LiveLine) };
  });
}

/** One message of either side. */
export interface LiveLine {
  dir: 'client' | 'server';
  event: Record<string, unknown> & { usageMetadata?: Record<string, unknown> };
}

/** Returns an upstream that sends the server's part of a transcript, as far as the client has sent its own. */
export function replaying<T extends { dir: string; event: object }>(
  transcript: () => { lines: readonly T[] },
  say = (session: UpstreamSession, event: object) => session.say(event),
): Script {
  const at = new Map<UpstreamSession, number>();
  const goOn = (session: UpstreamSession) => {
    const { lines } = transcript();
    let index = at.get(session) ?? 0;
    for (let line = lines[index]; line?.dir === 'server'; line = lines[++index]) say(session, line.event);
    at.set(session, index);
  };
  return {
    opened: goOn,
    event: (session) => {
      at.set(session, (at.get(session) ?? 0) + 1);
      goOn(session);
    },
  };
}
