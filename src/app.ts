import { Hono } from 'hono';
import type { Env } from './config.ts';

export const app = new Hono<{ Bindings: Env }>();
app.get('/api/health', (context) => context.json({ ok: true, version: '0.1.0' }));
