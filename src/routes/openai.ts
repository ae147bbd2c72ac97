// OpenAI's door: every endpoint of its style, and the stored responses.
import { Hono } from 'hono';
import { fixedEndpoints, storedResponseEndpoint } from '../formats/format.ts';
import { type DoorContext, type DoorEnv, relayAt, type ServicesOf } from './relay-route.ts';

/** The routes whose callers speak OpenAI's format. */
export function openaiDoor(servicesOf: ServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  for (const endpoint of fixedEndpoints.filter((candidate) => candidate.door === 'openai')) {
    door.post(endpoint.path, (context) => relayAt(context, servicesOf(context.env), endpoint));
  }
  const stored = (context: DoorContext) =>
    relayAt(context, servicesOf(context.env), storedResponseEndpoint, {
      suffix: context.req.path.slice('/v1/responses'.length),
    });
  door.get('/v1/responses/:id', stored);
  door.delete('/v1/responses/:id', stored);
  door.post('/v1/responses/:id/cancel', stored);
  door.get('/v1/responses/:id/input_items', stored);
  return door;
}
