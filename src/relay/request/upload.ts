// Sends a form on: first what is held, then the rest as it arrives, counted.
import { RelayError } from '../../lib/relay-error.ts';
import { relayLimits } from '../limits.ts';
import { drain } from './drain.ts';
import { withFieldValue } from './form.ts';
import { type CallerBody, tooLarge } from './read-body.ts';
import type { UploadedAudio } from './uploaded-audio.ts';

type Form = Extract<CallerBody, { type: 'form' }>;

/** An upload under way. `done` rejects when the caller breaks off or sends too much. */
export interface Upload {
  body: ReadableStream;
  done: Promise<void>;
}

/**
 * Starts sending, with `model` renamed if the upstream calls it otherwise. A known length stays known. `done`
 * rejects with a RelayError when `model` comes again. `heard` receives what passes.
 */
export function startUpload(
  form: Form,
  upstreamModel: string,
  abort: AbortController,
  uploaded: UploadedAudio | null,
): Upload {
  const field = form.fields.find(({ name }) => name === 'model');
  const held =
    field && field.value !== upstreamModel ? withFieldValue(form.held, field, upstreamModel) : form.held;
  const grown = held.byteLength - form.held.byteLength;
  const { readable, writable } =
    form.contentLength === null
      ? new IdentityTransformStream()
      : new FixedLengthStream(form.contentLength + grown);
  uploaded?.push(held, form.fields.filter(({ name }) => name === 'url').length);
  return { body: readable, done: send(form, held, writable.getWriter(), abort, uploaded) };
}

async function send(
  form: Form,
  held: Uint8Array,
  writer: WritableStreamDefaultWriter,
  abort: AbortController,
  uploaded: UploadedAudio | null,
): Promise<void> {
  try {
    let taken = await isTaken(writer, held);
    form.release();
    let size = held.byteLength;
    for (let bytes = await form.rest.read(); taken && bytes !== null; bytes = await form.rest.read()) {
      size += bytes.byteLength;
      if (size > relayLimits.bodyBytes) throw tooLarge();
      form.modelFields.push(bytes);
      uploaded?.push(bytes);
      taken = await isTaken(writer, bytes);
    }
    if (taken) await writer.close().catch(() => undefined);
    else await drain(form.rest);
  } catch (error) {
    // Otherwise the upstream takes what it has for the whole: a body that is only aborted looks like one that ended.
    abort.abort();
    await writer.abort(error).catch(() => undefined);
    await drain(form.rest);
    throw error instanceof RelayError ? error : new Error('the upload broke off', { cause: error });
  } finally {
    form.release();
  }
}

/** false: the upstream takes no more. It may have answered already, and that answer counts. */
function isTaken(writer: WritableStreamDefaultWriter, bytes: Uint8Array): Promise<boolean> {
  return writer.write(bytes).then(
    () => true,
    () => false,
  );
}
