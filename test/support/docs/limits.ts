// Tables of limits, made from the records in the source: the value, and the doc comment above it.
import { readFileSync } from 'node:fs';
import { managementLimits } from '../../../src/dashboard/api/limits.ts';
import { realtimeLimits } from '../../../src/realtime/limits.ts';
import { relayLimits, streamRhythm } from '../../../src/relay/limits.ts';
import { markdownTable } from './markdown-table.ts';

type Limits = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** By the name of the block: the record, and the file that has it. */
const records: Readonly<Record<string, readonly [limits: Limits, file: string]>> = {
  'relay limits': [relayLimits, 'src/relay/limits.ts'],
  'stream timing': [streamRhythm, 'src/relay/limits.ts'],
  'realtime limits': [realtimeLimits, 'src/realtime/limits.ts'],
  'management limits': [managementLimits, 'src/dashboard/api/limits.ts'],
};

/** A generator for each record. */
export const limitBlocks: Readonly<Record<string, () => string>> = Object.fromEntries(
  Object.entries(records).map(([name, [limits, file]]) => [name, () => limitTable(limits, file)]),
);

function limitTable(limits: Limits, file: string): string {
  const source = readFileSync(new URL(`../../../${file}`, import.meta.url).pathname, 'utf8');
  const rows = Object.entries(limits).map(([name, value]) => [
    valueText(name, value),
    commentOf(source, name, file),
  ]);
  return markdownTable(['value', 'what it limits'], rows);
}

/** Returns the doc comment directly above a member. Throws if there is none. */
function commentOf(source: string, member: string, file: string): string {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s*${member}:`).exec(source)?.[1];
  if (comment === undefined) throw new Error(`${file}: the limit ${member} has no doc comment`);
  return comment.replace(/\s*\n\s*\*\s*/g, ' ').trim();
}

function valueText(name: string, value: number | Readonly<Record<string, number>>): string {
  if (typeof value !== 'number') return Object.values(value).map(grouped).join('; ');
  if (name.endsWith('Bytes') || name.startsWith('heldBytes')) return bytesText(value);
  return name.endsWith('Ms') ? durationText(value) : grouped(value);
}

function bytesText(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${grouped(bytes / 1024 / 1024)} MiB` : `${grouped(bytes / 1024)} KiB`;
}

function durationText(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 60_000) return `${ms / 1_000} s`;
  return ms < 3_600_000 ? `${ms / 60_000} min` : `${ms / 3_600_000} h`;
}

function grouped(number: number): string {
  return number.toLocaleString('en-US');
}
