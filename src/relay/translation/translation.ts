// A request for an upstream of another format, and the way back of its answer: what the translations of conversations and of embeddings have in
// common.
import type { OperationId } from '../../formats/format-id.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { StreamTranslator } from './stream.ts';

/** A request in the upstream's format. */
export interface TranslatedRequest {
  /** The operation at the upstream. */
  operation: OperationId;
  text: string;
  /** Betas of Anthropic's that the text needs. */
  betas?: readonly string[];
  translation: Translation;
}

/** Turns the upstream's answer into the caller's. */
export interface Translation {
  /** The format in which the upstream's answer is metered. */
  format: WireFormat;
  /** What could not be expressed of the request, by the caller's own paths. */
  dropped: readonly string[];
  /** Throws RelayError `upstream_error` when the upstream's answer is invalid. */
  whole(text: string): WholeAnswer;
  /** Makes a whole answer of a stream, for an upstream that streamed without being asked to. */
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
  /** It was charged: SDKs must not retry the request. */
  isFinal: boolean;
}

/** Throws RelayError `invalid_request` for a loss that the caller forbids with `x-relay-strict: 1`. */
export function refuseLoss({ request }: Call, dropped: readonly string[], model: string | null): void {
  if (dropped.length === 0 || request.headers.get('x-relay-strict') !== '1') return;
  const what = dropped.map((path) => `\`${path}\``).join(', ');
  const message = `The provider of \`${model}\` cannot be sent ${what}, and \`x-relay-strict: 1\` forbids leaving it out.`;
  throw new RelayError('invalid_request', message, { param: dropped[0] ?? 'model' });
}

/** Throws RelayError `upstream_error` when the text is not a JSON object. */
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
