// Gemini's door: methods of a model, `POST /v1beta/models/{model}:verb`. Model names may contain slashes.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import { RelayError } from '../lib/relay-error.ts';
import { atDoor, type DoorEnv, relayAt, type ServicesOf } from './relay-route.ts';

/** The routes whose callers speak Gemini's format. */
export function geminiDoor(servicesOf: ServicesOf, formats: FormatRegistry): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  door.post('/v1/models/:rest{.+}', (context) => {
    const { model, verb } = modelAndVerb(context.req.path);
    const endpoint = formats.modelMethods.get(verb);
    return endpoint === undefined
      ? unknownVerb(verb, formats)
      : relayAt(context, servicesOf(context.env), endpoint, { pathModel: model });
  });
  return door;
}

function modelAndVerb(path: string): { model: string; verb: string } {
  const rest = decoded(path.slice('/v1/models/'.length));
  const colon = rest.lastIndexOf(':');
  return colon < 0 ? { model: rest, verb: '' } : { model: rest.slice(0, colon), verb: rest.slice(colon + 1) };
}

/** A path segment's text; one that is no valid percent-encoding is taken as it stands. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unknownVerb(verb: string, { modelMethods }: FormatRegistry): Promise<Response> {
  const known = [...modelMethods.keys()].join(', ');
  const message =
    verb === ''
      ? `The path names no method. Known methods: ${known}.`
      : `There is no method \`${verb}\`. Known methods: ${known}.`;
  return atDoor('gemini', () => Promise.reject(new RelayError('route_not_found', message)));
}
