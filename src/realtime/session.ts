// The Durable Object of one realtime session. The class is declared from the first deployment on, so that
// the door of /v1/realtime (which is not open yet) needs no migration of its own.
import { DurableObject } from 'cloudflare:workers';
import type { Env } from '../config.ts';

export class RealtimeSession extends DurableObject<Env> {}
