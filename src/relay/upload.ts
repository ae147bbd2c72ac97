// Sending a form on: what is held goes first, the rest as it comes, counted.
import { RelayError } from '../lib/relay-error.ts';
import { discard } from './discard.ts';
import { withFieldValue } from './form.ts';
import { relayLimits } from './limits.ts';
import { type CallerBody, tooLarge } from './read-body.ts';

type Form = Extract<CallerBody, { type: 'form' }>;

/** An upload under way. `done` rejects when the caller breaks off or sends too much. */
export interface Upload {
  body: ReadableStream;
  done: Promise<void>;
}

/** Starts sending, with `model` renamed if the upstream calls it otherwise. The length is kept where it is known. */
export function startUpload(form: Form, upstreamModel: string): Upload {
  const field = form.fields.find(({ name }) => name === 'model');
  const held =
    field && field.value !== upstreamModel ? withFieldValue(form.held, field, upstreamModel) : form.held;
  const grown = held.byteLength - form.held.byteLength;
  const { readable, writable } =
    form.contentLength === null
      ? new IdentityTransformStream()
      : new FixedLengthStream(form.contentLength + grown);
  return { body: readable, done: send(form, held, writable.getWriter()) };
}

async function send(form: Form, held: Uint8Array, writer: WritableStreamDefaultWriter): Promise<void> {
  try {
    await writer.write(held);
    form.release();
    let size = held.byteLength;
    for (let bytes = await form.rest.read(); bytes !== null; bytes = await form.rest.read()) {
      size += bytes.byteLength;
      if (size > relayLimits.bodyBytes) throw tooLarge();
      await writer.write(bytes);
    }
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    await discard(form.rest);
    throw error instanceof RelayError ? error : new Error('the upload broke off', { cause: error });
  } finally {
    form.release();
  }
}
