// Reads what the caller sent, as far as the relay must know it: a JSON body whole, a form up to its `model`.
import { ChunkReader } from '../../lib/chunk-reader.ts';
import { mediaType } from '../../lib/decoded-response.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { MessageContext } from '../../metering/error-message.ts';
import type { Call } from '../call.ts';
import { relayLimits } from '../limits.ts';
import { type ContentEncoding, contentEncodingOf, decodedLimit, decodeWithin } from './decoded-body.ts';
import { drain } from './drain.ts';
import { type FormField, FormScanner, formBoundary } from './form.ts';
import { FormModelFields } from './form-model-field.ts';
import type { UploadMemory } from './upload-memory.ts';

export type CallerBody =
  | { type: 'json'; bytes: ArrayBuffer; text: string; value: unknown }
  | {
      type: 'form';
      /** By which it was read. */
      boundary: string;
      held: Uint8Array;
      fields: FormField[];
      /** Has read what is held. */
      modelFields: FormModelFields;
      rest: ChunkReader;
      contentLength: number | null;
      release(): void;
    }
  | { type: 'none' };

/** Returns the body's JSON, or a form's fields as an object. */
export function bodyValue(body: CallerBody): unknown {
  switch (body.type) {
    case 'json':
      return body.value;
    case 'form':
      return Object.fromEntries(body.fields.map(({ name, value }) => [name, value]));
    case 'none':
      return {};
  }
}

/**
 * Reads and decodes the body. `beforeLarge` is awaited, once, before more than `relayLimits.smallBodyBytes` are read or decoded;
 * what it throws ends the reading. Throws RelayError `invalid_request`, `request_too_large`, `unsupported_encoding`, or
 * `service_unavailable` when the isolate holds too much.
 */
export async function readBody(
  { request, endpoint }: Call,
  uploadMemory: UploadMemory,
  beforeLarge: () => Promise<void>,
): Promise<CallerBody> {
  const contentLength = lengthOf(request);
  if (contentLength !== null && contentLength > relayLimits.bodyBytes) throw tooLarge();
  if (request.method === 'GET' || request.method === 'DELETE' || request.body === null) {
    return endpoint.operation === 'stored-response' ? { type: 'none' } : noBody();
  }
  if (endpoint.operation === 'stored-response') return { type: 'none' };
  const boundary = boundaryOf(request.headers);
  const encoding = contentEncodingOf(request.headers);
  const isForm = boundary !== null;
  if (isForm && encoding !== null && (contentLength ?? 0) > relayLimits.heldFormBytes) throw formTooLarge();
  const isLarge = contentLength !== null && contentLength > relayLimits.smallBodyBytes;
  if (isLarge) await beforeLarge();
  const whenLarge = isLarge ? async () => undefined : beforeLarge;
  const isKnown = endpoint.format.task === 'transcription' ? isKnownToTheFile : namesModel;
  if (isForm && encoding === null) {
    return readForm(request.body, { boundary, contentLength, isKnown, whenLarge }, uploadMemory);
  }
  const isCounted = contentLength === null;
  const bytes = isCounted ? await readCounting(request.body, whenLarge) : await request.arrayBuffer();
  if (encoding === null) return readJson(bytes);
  const decoded = await decodedBody(bytes, { encoding, isForm, whenLarge });
  if (!isForm) return readJson(decoded);
  const options = { boundary, contentLength: decoded.byteLength, isKnown, isHeld: true };
  return readForm(new Response(decoded).body as ReadableStream, options, uploadMemory);
}

/** Returns null if the body is not a form. Throws RelayError `invalid_request` for a form without a boundary. */
function boundaryOf(headers: Headers): string | null {
  const boundary = formBoundary(headers.get('content-type'));
  if (boundary !== null || mediaType(headers) !== 'multipart/form-data') return boundary;
  const message =
    'The header `Content-Type: multipart/form-data` has no `boundary`. Let your HTTP client set this header by itself.';
  throw new RelayError('invalid_request', message);
}

interface DecodedBodyOptions {
  encoding: ContentEncoding;
  isForm: boolean;
  whenLarge: () => Promise<void>;
}

/** Decodes a body that was read whole. Before more than a small one is decoded, the ledger is asked as for a large one. */
async function decodedBody(
  bytes: ArrayBuffer,
  { encoding, isForm, whenLarge }: DecodedBodyOptions,
): Promise<ArrayBuffer> {
  const encoded = new Uint8Array(bytes);
  const small = decodeWithin(encoded, encoding, relayLimits.smallBodyBytes);
  if (small !== null) return small;
  if (bytes.byteLength <= relayLimits.smallBodyBytes) await whenLarge();
  const limit = isForm ? relayLimits.heldFormBytes : decodedLimit(bytes.byteLength);
  const decoded = decodeWithin(encoded, encoding, limit);
  if (decoded === null) throw isForm ? formTooLarge() : decodesTooLarge(limit);
  return decoded;
}

function decodesTooLarge(limit: number): RelayError {
  const megabytes = Math.floor(limit / 1024 / 1024);
  const message = `The body decodes to more than ${megabytes} MB, the most for what was sent. Send it without \`Content-Encoding\`.`;
  return new RelayError('request_too_large', message);
}

function formTooLarge(): RelayError {
  const megabytes = relayLimits.heldFormBytes / 1024 / 1024;
  const message = `A compressed form may have ${megabytes} MB when it is decoded. Send it without \`Content-Encoding\`.`;
  return new RelayError('request_too_large', message);
}

function noBody(): never {
  throw new RelayError('invalid_request', 'The request has no body. Send a JSON object.');
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readJson(given: ArrayBuffer): CallerBody {
  const bytes = withoutByteOrderMark(given);
  try {
    const text = decoder.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return { type: 'json', bytes, text, value };
    }
  } catch (cause) {
    const message = 'The body is not valid JSON. Check quotes, commas and brackets, and that it is UTF-8.';
    throw new RelayError('invalid_request', message, { cause });
  }
  throw new RelayError('invalid_request', 'The body must be a JSON object.');
}

/** Parsers may ignore one (RFC 8259 section 8.1), and not all upstreams do: it is not sent on. */
function withoutByteOrderMark(bytes: ArrayBuffer): ArrayBuffer {
  const [first, second, third] = new Uint8Array(bytes, 0, Math.min(3, bytes.byteLength));
  return first === 0xef && second === 0xbb && third === 0xbf ? bytes.slice(3) : bytes;
}

async function readCounting(body: ReadableStream, whenLarge: () => Promise<void>): Promise<ArrayBuffer> {
  const bytes = await bytesWithin(body, relayLimits.bodyBytes, whenLarge);
  if (bytes === null) throw tooLarge();
  return bytes;
}

/** Returns all of a body, whatever length it declares, or null if it has more bytes than the bound; the rest is dropped. */
export async function bytesWithin(
  body: ReadableStream,
  bound: number,
  whenLarge: () => Promise<void> = async () => undefined,
): Promise<ArrayBuffer | null> {
  const reader = new ChunkReader(body);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
    if (hasGrownLarge(size, bytes)) await whenLarge();
    size += bytes.byteLength;
    if (size > bound) {
      await drain(reader);
      return null;
    }
    chunks.push(bytes.slice());
  }
  return new Blob(chunks).arrayBuffer();
}

function hasGrownLarge(size: number, { byteLength }: Uint8Array): boolean {
  const { smallBodyBytes } = relayLimits;
  return size <= smallBodyBytes && size + byteLength > smallBodyBytes;
}

interface FormOptions {
  boundary: string;
  contentLength: number | null;
  /** Whether enough was read to admit the request. */
  isKnown: (scanner: FormScanner) => boolean;
  whenLarge?: () => Promise<void>;
  /** All of it has come already. */
  isHeld?: boolean;
}

function namesModel({ fields }: FormScanner): boolean {
  return fields.some(({ name }) => name === 'model');
}

/** Bytes of a transcription's fields before its file; a client that sends more does not name a `url` by accident. */
const transcriptionFieldBytes = 65_536;

/** A `url` beside `model` is sound to be paid for: fields are read up to the file, however they come in pieces. */
function isKnownToTheFile(scanner: FormScanner): boolean {
  if (!namesModel(scanner)) return false;
  return (
    scanner.bytes.byteLength > transcriptionFieldBytes ||
    /filename\*?\s*=/i.test(scanner.bytes.toString('latin1'))
  );
}

async function readForm(
  body: ReadableStream,
  { boundary, contentLength, isKnown, whenLarge, isHeld = false }: FormOptions,
  uploadMemory: UploadMemory,
): Promise<CallerBody> {
  const rest = new ChunkReader(body);
  const scanner = new FormScanner(boundary);
  const modelFields = new FormModelFields(boundary);
  const release = uploadMemory.lease();
  try {
    if (isHeld) release.grow(contentLength ?? 0);
    for (let bytes = await rest.read(); bytes !== null; bytes = await rest.read()) {
      if (hasGrownLarge(scanner.bytes.byteLength, bytes)) await whenLarge?.();
      modelFields.push(bytes);
      scanner.push(bytes);
      if (isKnown(scanner)) break;
      if (scanner.bytes.byteLength > relayLimits.heldFormBytes) throw modelTooLate();
      if (!isHeld) release.grow(bytes.byteLength);
    }
    const { bytes: held, fields } = scanner;
    if (modelFields.count > fields.filter(({ name }) => name === 'model').length) throw modelUnclear();
    return {
      type: 'form',
      boundary,
      held,
      fields,
      modelFields,
      rest,
      contentLength,
      release: () => release.end(),
    };
  } catch (error) {
    release.end();
    await drain(rest);
    throw error;
  }
}

function modelTooLate(): RelayError {
  const megabytes = relayLimits.heldFormBytes / 1024 / 1024;
  const message = `The form field \`model\` did not come within the first ${megabytes} MB. Put \`model\` before the file.`;
  return new RelayError('invalid_request', message, { param: 'model' });
}

function modelUnclear(): RelayError {
  const message =
    'The form field `model` is written so that it can be read in two ways. Send it as a plain field.';
  return new RelayError('invalid_request', message, { param: 'model' });
}

/** Returns the error for a body over the limit. */
export function tooLarge(): RelayError {
  const megabytes = relayLimits.bodyBytes / 1024 / 1024;
  return new RelayError(
    'request_too_large',
    `The body is larger than ${megabytes} MB, the most that is taken.`,
  );
}

function lengthOf(request: Request): number | null {
  const header = request.headers.get('content-length');
  return header === null ? null : Number(header);
}

/** Bytes of a form that are compared with an error's text. Its fields stand before or after a file, mostly within the first packet. */
const comparedFormBytes = 1024 * 1024;

/** Returns what a request says, so that no error message repeats it. Of a form, the part that was read before it was passed on. */
export function requestTextOf(body: CallerBody): NonNullable<MessageContext['request']> {
  switch (body.type) {
    case 'json':
      return { text: body.text, value: body.value };
    case 'form': {
      const text = new TextDecoder().decode(body.held.subarray(0, comparedFormBytes));
      return { text, value: body.fields.map(({ value }) => value), isPartial: true };
    }
    case 'none':
      return { text: '', value: {} };
  }
}
