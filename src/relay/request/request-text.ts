// What a request says, so that no error message repeats it.
import type { MessageContext } from '../../metering/error-message.ts';
import type { CallerBody } from './read-body.ts';

/** Bytes of a form that are compared with an error's text. Its fields stand before or after a file, mostly within the first packet. */
const formBytes = 1024 * 1024;

/** Returns the text to compare with. Of a form, the part that was read before it was passed on. */
export function requestTextOf(body: CallerBody): NonNullable<MessageContext['request']> {
  switch (body.type) {
    case 'json':
      return { text: body.text, value: body.value };
    case 'form': {
      const text = new TextDecoder().decode(body.held.subarray(0, formBytes));
      return { text, value: body.fields.map(({ value }) => value), isPartial: true };
    }
    case 'none':
      return { text: '', value: {} };
  }
}
