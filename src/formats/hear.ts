// Sound in the events of an answer, as base64.
import { Buffer } from 'node:buffer';
import { AudioLength } from './audio-length.ts';
import { textLength } from './elision.ts';
import type { Observation } from './observation.ts';

/** Adds a piece of sound to what an answer has made. What is no base64 text is passed over. */
export function hear(observation: Observation, base64: unknown): void {
  if (typeof base64 !== 'string' || base64 === '') return;
  observation.audio ??= new AudioLength();
  const bytes = Buffer.from(base64, 'base64');
  observation.audio.push(bytes);
  const wholeBytes = Math.floor((textLength(base64) * 3) / 4);
  if (wholeBytes > bytes.byteLength + 3) observation.audio.pass(wholeBytes - bytes.byteLength);
}
