// Anthropic's door, and what Claude Code asks of its base address besides.
import { Hono } from 'hono';
import type { FormatRegistry } from '../formats/registry.ts';
import { atDoor, type DoorEnv, relayAt, type ServicesOf } from './relay-route.ts';

/** The routes whose callers speak Anthropic's format. */
export function anthropicDoor(servicesOf: ServicesOf, formats: FormatRegistry): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>();
  for (const endpoint of formats.fixedEndpoints.filter(({ format }) => format.api === 'anthropic')) {
    door.post(endpoint.path, (context) => relayAt(context, servicesOf(context.env), endpoint));
  }
  // Claude Code's sign of life and its telemetry (SPEC section 4): answered, counted nowhere.
  const silence = () => atDoor('anthropic', async () => new Response(null, { status: 204 }));
  door.get('/api/hello', silence);
  door.post('/api/event_logging/batch', silence);
  return door;
}
