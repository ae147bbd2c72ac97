// Resources of the operator's account that a session's frames name: only those that the channel shares. The relay records
// no resources that a session makes, so they have no owner.
import { isShared, referencesIn, resourceNotFound } from '../formats/references.ts';
import type { JsonObject } from '../lib/json.ts';
import type { RelayError } from '../lib/relay-error.ts';
import type { LiveChannel } from '../routing/catalog.ts';

/** Returns the refusal of settings, a response or an item that name a resource which the channel does not share, or null. */
export function refusalOfResources(named: JsonObject, { settings }: LiveChannel): RelayError | null {
  // References to items of the session's own conversation need no check; `conversation` is `auto` or `none` here.
  const { input, conversation: _, ...rest } = named;
  const references = [...referencesIn(rest), ...referencesIn({ messages: input })];
  const foreign = references.find(
    ({ id, isOptional }) => !isOptional && !isShared(settings.sharedResources ?? [], id),
  );
  return foreign === undefined ? null : resourceNotFound(foreign.id);
}
