// Anthropic's door, and what Claude Code asks of its base address besides.
import { Hono } from 'hono';
import { fixedEndpoints } from '../formats/format.ts';
import { type DoorEnv, relayAt, type ServicesOf } from './door.ts';

/** The routes whose callers speak Anthropic's format. */
export function anthropicDoor(servicesOf: ServicesOf): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  for (const endpoint of fixedEndpoints.filter((candidate) => candidate.door === 'anthropic')) {
    door.post(endpoint.path, (context) => relayAt(context, servicesOf(context.env), endpoint));
  }
  // Claude Code's sign of life and its telemetry (SPEC section 4): answered, counted nowhere.
  door.get('/api/hello', (context) => context.body(null, 204));
  door.post('/api/event_logging/batch', (context) => context.body(null, 204));
  return door;
}
