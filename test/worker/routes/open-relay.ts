// The whole Worker inside the test's isolate: tests call its routes as a client, count its bindings and make them
// fail, and play its upstream.
import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';
import { app } from '../../../src/app.ts';
import type { Env } from '../../../src/env.ts';

/** A request as the upstream received it. */
export interface Received {
  url: string;
  method: string;
  headers: Headers;
  body: string;
}

export type Upstream = (request: Received, signal: AbortSignal | null) => Response | Promise<Response>;

/** How often each binding was used; `fails` names the unavailable ones. */
interface Traffic {
  /** Statements. */
  d1: number;
  /** A batch is one call. */
  d1Calls: number;
  d1Writes: number;
  kv: number;
  kvWrites: number;
  ledger: number;
  fails: Set<'d1' | 'kv' | 'ledger'>;
}

export interface Reply {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  body: any;
}

export interface OpenRelay {
  traffic: Traffic;
  received: Received[];
  upstream: Upstream;
  fetch(path: string, init?: RequestInit): Promise<Reply>;
  manage(method: string, path: string, body?: unknown): Promise<Reply>;
  token(fields?: object): Promise<{ id: string; token: string }>;
  channel(fields: object): Promise<{ id: string }>;
}

/** Answers requests to the API. */
interface Routes {
  fetch(request: Request, bindings: Env, context: ExecutionContext): Response | Promise<Response>;
}

/**
 * Opens a relay whose isolate has cold caches. `variables` are added to its environment. `routes` answer
 * requests to the model endpoints; the management API is the app's.
 */
export function openRelay(variables: Partial<Env> = {}, routes: Routes = app): OpenRelay {
  const traffic: Traffic = {
    d1: 0,
    d1Calls: 0,
    d1Writes: 0,
    kv: 0,
    kvWrites: 0,
    ledger: 0,
    fails: new Set(),
  };
  const bindings: Env = { ...countBindings(traffic), ...variables };
  const relay: OpenRelay = {
    traffic,
    received: [],
    upstream: () => Response.json({}),
    fetch: async (path, init) => {
      const context = createExecutionContext();
      const { fetch } = path.startsWith('/api/') ? app : routes;
      const response = await fetch(new Request(`https://relay.test${path}`, init), bindings, context);
      const text = await response.text();
      await waitOnExecutionContext(context);
      return { status: response.status, headers: response.headers, text, body: parsed(text) };
    },
    manage: async (method, path, body) => {
      const reply = await relay.fetch(`/api${path}`, {
        method,
        headers: { authorization: `Bearer ${env.ADMIN_KEY}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`);
      return reply;
    },
    token: async (fields = {}) => (await relay.manage('POST', '/tokens', { name: 'a test', ...fields })).body,
    channel: async (fields) => (await relay.manage('POST', '/channels', fields)).body,
  };
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => playUpstream(relay, url, init));
  return relay;
}

/** Adds the channels that most tests use: one for each provider, with its own models. */
export async function addChannels(relay: OpenRelay): Promise<void> {
  const keys = ['key-of-the-operator'];
  const media = [
    'gpt-*',
    'whisper-1',
    'tts-1',
    'dall-e-2',
    'text-embedding-3-small',
    'omni-moderation-latest',
  ];
  await relay.channel({
    name: 'o',
    provider: 'openai',
    keys,
    models: media,
    model_map: { mapped: 'gpt-4o' },
  });
  await relay.channel({ name: 'a', provider: 'anthropic', keys, models: ['claude-*'] });
  await relay.channel({ name: 'g', provider: 'gemini', keys, models: ['gemini-*'] });
  await relay.channel({ name: 'c', provider: 'cohere', keys, models: ['rerank-v3.5'] });
}

async function playUpstream(relay: OpenRelay, url: string, init: RequestInit): Promise<Response> {
  const body = init.body ? await new Response(init.body).text() : '';
  const received = { url, method: init.method ?? 'GET', headers: new Headers(init.headers), body };
  relay.received.push(received);
  return asFromNetwork(await relay.upstream(received, init.signal ?? null));
}

/**
 * Wraps a stream in a script's stream of bytes, because the runtime cannot pipe its own kind of stream within
 * one isolate ("not implemented"). Tests over sockets use real bodies.
 */
function asFromNetwork(response: Response): Response {
  if (response.body === null) return response;
  const reader = response.body.getReader();
  const body = new ReadableStream({
    type: 'bytes',
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(body, response);
}

function countBindings(traffic: Traffic): Env {
  const check = (name: 'd1' | 'kv' | 'ledger') => {
    if (traffic.fails.has(name)) throw new Error(`${name} is away`);
  };
  const DB = wrapBinding(env.DB, (member, [sql]) => {
    if (member === 'batch') traffic.d1Calls -= (sql as unknown as unknown[]).length - 1;
    if (member !== 'prepare') return;
    traffic.d1 += 1;
    traffic.d1Calls += 1;
    if (!/^\s*SELECT/i.test(String(sql))) traffic.d1Writes += 1;
    check('d1');
  });
  const CACHE = wrapBinding(env.CACHE, (member) => {
    traffic.kv += 1;
    if (member !== 'get') traffic.kvWrites += 1;
    check('kv');
  });
  const LEDGER = new Proxy(env.LEDGER, {
    get: (target, member) => {
      const value = Reflect.get(target, member);
      if (member !== 'get') return typeof value === 'function' ? value.bind(target) : value;
      return (id: DurableObjectId) => {
        traffic.ledger += 1;
        return traffic.fails.has('ledger') ? brokenStub : target.get(id);
      };
    },
  });
  return { ...env, DB, CACHE, LEDGER };
}

const brokenStub = new Proxy({}, { get: () => () => Promise.reject(new Error('ledger is away')) });

function wrapBinding<T extends object>(binding: T, seen: (member: string, given: unknown[]) => void): T {
  return new Proxy(binding, {
    get: (target, member) => {
      const value = Reflect.get(target, member);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        seen(String(member), given);
        return value.apply(target, given);
      };
    },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
