// OpenAI's door: every endpoint of its style, and the stored responses.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import { type DoorContext, type DoorEnv, relayAt, type ServicesOf } from './relay-route.ts';

/** The routes whose callers speak OpenAI's format. */
export function openaiDoor(servicesOf: ServicesOf, formats: FormatRegistry): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  for (const endpoint of formats.fixedEndpoints.filter(({ format }) => format.api === 'openai')) {
    door.post(endpoint.path, (context) => relayAt(context, servicesOf(context.env), endpoint));
  }
  const stored = (context: DoorContext) =>
    relayAt(context, servicesOf(context.env), formats.endpoint('stored-response'), {
      suffix: context.req.path.slice('/v1/responses'.length),
    });
  door.get('/v1/responses/:id', stored);
  door.delete('/v1/responses/:id', stored);
  door.post('/v1/responses/:id/cancel', stored);
  door.get('/v1/responses/:id/input_items', stored);
  return door;
}
