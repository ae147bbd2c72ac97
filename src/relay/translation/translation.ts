// A request that goes to an upstream of another format, and how the answer comes back: what the conversations'
// and the embeddings' translations have in common.

import type { OperationId } from '../../formats/format-id.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { StreamTranslator } from './stream.ts';

/** A request as the upstream wants it. */
export interface TranslatedRequest {
  /** What is called there. */
  operation: OperationId;
  text: string;
  /** Betas of Anthropic's that the text needs. */
  betas?: readonly string[];
  translation: Translation;
}

/** How the upstream's answer becomes the caller's. */
export interface Translation {
  /** How the upstream's answer is metered. */
  format: WireFormat;
  /** What of the request could not be said, by the caller's own paths. */
  dropped: readonly string[];
  /** Throws RelayError `upstream_error` when the upstream's answer is none. */
  whole(text: string): WholeAnswer;
  /** For an upstream that streams where it was asked for a whole answer. */
  wholeOfStream(text: string): WholeAnswer;
  /** Translates a streamed answer; null if this kind of answer does not stream. */
  stream(): StreamTranslator | null;
  /** Makes a stream of a whole answer, for an upstream that was asked to stream and did not. */
  streamOfWhole(text: string): string;
  /** Content type of a stream for the caller. */
  streamType: string;
}

/** A whole answer for the caller. `status` is not 200 when the body was an error after all. */
export interface WholeAnswer {
  status: number;
  body: JsonObject;
  dropped: readonly string[];
  /** The answer failed. Its text so far is in the body. */
  hasFailed: boolean;
  /** It was charged, so that SDKs must not send the request again by themselves. */
  isFinal: boolean;
}

/** Throws RelayError `invalid_request` for a loss that the caller forbids with `x-relay-strict: 1`. */
export function refuseLoss({ request }: Call, dropped: readonly string[], model: string | null): void {
  if (dropped.length === 0 || request.headers.get('x-relay-strict') !== '1') return;
  const what = dropped.map((path) => `\`${path}\``).join(', ');
  const message = `The provider of \`${model}\` cannot be told ${what}, and \`x-relay-strict: 1\` forbids leaving it out.`;
  throw new RelayError('invalid_request', message, { param: dropped[0] ?? 'model' });
}

/** Throws RelayError `upstream_error` when the text is no JSON object. */
export function jsonOf(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  } catch (cause) {
    throw new RelayError('upstream_error', 'The model provider answered with something that is no JSON.', {
      cause,
    });
  }
  throw new RelayError('upstream_error', 'The model provider answered with something that is no object.');
}
