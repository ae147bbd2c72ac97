// The Worker's entry on a local machine, in place of Cloudflare's edge: removes headers that only the edge may
// set, and finds out who the client is. Not part of a deployment.
import { env as hostEnvironment, WorkerEntrypoint } from 'cloudflare:workers';
import type { Env } from '../env.ts';
import relay from '../index.ts';
import { servicesOf } from '../services.ts';
import { type Client, clientOf, trustedProxies } from './client.ts';

export * from '../index.ts';

/** What the host adds to the Worker's environment. */
interface HostEnvironment {
  readonly TRUSTED_PROXY?: string;
}

const isTrustedProxy = trustedProxies((hostEnvironment as HostEnvironment).TRUSTED_PROXY ?? '');

/** Requests that are not answered yet, and work that continues after an answer: streams, charges. */
let unfinished = 0;

export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    if (isPlatformPath(request.url)) return platformPathRefusal();
    const { clientIp } = (request.cf ?? {}) as { clientIp?: string };
    const client = clientOf(clientIp, request.headers, isTrustedProxy);
    unfinished += 1;
    try {
      const ours = requestOf(client, request);
      const response = await relay.fetch(ours, env, counted(context));
      return response.status >= 400 && isUnread(ours)
        ? await answerAndDrain(response, ours, context)
        : response;
    } finally {
      unfinished -= 1;
    }
  },
};

/** How much of a refused body is read, and for how long. */
const drainLimits = { bytes: 256 * 1024 * 1024, ms: 30_000 };

/** A client that waits for `100 Continue` has sent no body. */
function isUnread({ body, bodyUsed, headers }: Request): boolean {
  return body !== null && !bodyUsed && !headers.has('expect');
}

/**
 * Answers a request that was refused before its body was read, and drains the body meanwhile: workerd closes a
 * connection whose body nobody reads, and a client that is still sending would then lose the answer. The answer
 * is sent at once; its stream stays open until the body has arrived.
 */
async function answerAndDrain(response: Response, { body }: Request, context: ExecutionContext) {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const send = async () => {
    const writer = writable.getWriter();
    if (bytes.length > 0) await writer.write(bytes);
    if (body !== null) await drain(body);
    await writer.close();
  };
  context.waitUntil(send().catch(() => {}));
  return new Response(readable, response);
}

async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  const done = new AbortController();
  const tooLong = scheduler.wait(drainLimits.ms, { signal: done.signal }).catch(() => {});
  await Promise.race([tooLong, dropAll(body)]);
  done.abort();
}

async function dropAll(body: ReadableStream<Uint8Array>): Promise<void> {
  let taken = 0;
  try {
    for await (const chunk of body) {
      taken += chunk.length;
      if (taken > drainLimits.bytes) return;
    }
  } catch {
    // The client has left.
  }
}

/** Counts the work that a request leaves behind. */
function counted(context: ExecutionContext): ExecutionContext {
  const finish = () => {
    unfinished -= 1;
  };
  const waitUntil = context.waitUntil.bind(context);
  context.waitUntil = (work) => {
    unfinished += 1;
    work.then(finish, finish);
    waitUntil(work);
  };
  return context;
}

/** The supervisor's entry, over a unix socket that only its own user can open. */
export class HostControl extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    try {
      return await this.run(pathname, await request.json());
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  }

  private async run(command: string, { cron, drainMs }: HostCommand): Promise<Response> {
    if (command === '/scheduled' && cron !== undefined) {
      const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
      await relay.scheduled(controller as ScheduledController, this.env);
      return new Response();
    }
    if (command !== '/drain' || drainMs === undefined) throw new Error(`there is no command ${command}`);
    servicesOf(this.env).ledgers.endAfter(drainMs);
    const { readable, writable } = new IdentityTransformStream();
    this.ctx.waitUntil(whenIdle().then(() => writable.close()));
    return new Response(readable);
  }
}

const idleCheckMs = 50;

async function whenIdle(): Promise<void> {
  while (unfinished > 0) await scheduler.wait(idleCheckMs);
}

interface HostCommand {
  /** For `/scheduled`, which runs the work of a cron trigger now: the trigger's expression. */
  readonly cron?: string;
  /** For `/drain`, which answers when nothing is unfinished: open streams and sockets are ended after this. */
  readonly drainMs?: number;
}

/**
 * Cloudflare Access puts its signed JWT here, and a tunnel in front of this machine passes it on. The signature
 * is verified.
 */
const signedHeader = 'cf-access-jwt-assertion';

/**
 * Returns the request as the edge would pass it on: `CF-Connecting-IP` is the client's address, and no other
 * `CF-*` or `MF-*` header is left.
 */
function requestOf({ address, scheme, isBehindProxy }: Client, request: Request): Request {
  const isSecure = scheme === 'https' && request.url.startsWith('http:');
  const clean = isSecure
    ? new Request(`https:${request.url.slice('http:'.length)}`, request)
    : new Request(request);
  for (const name of request.headers.keys()) {
    if (name.startsWith('cf-') || name.startsWith('mf-')) {
      if (name !== signedHeader || !isBehindProxy) clean.headers.delete(name);
    }
  }
  if (address !== null) clean.headers.set('cf-connecting-ip', address);
  return clean;
}

/** Returns whether Cloudflare itself would answer the path. On the edge, no spelling of it reaches the Worker. */
function isPlatformPath(url: string): boolean {
  if (!/cdn-cgi|%/i.test(url)) return false;
  return /^\/[/\\]*cdn-cgi([/\\]|$)/i.test(decoded(new URL(url).pathname));
}

/** Decodes twice: a path may have been encoded again on its way. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(decodeURIComponent(path));
  } catch {
    return path;
  }
}

function platformPathRefusal(): Response {
  const error = {
    message: 'There is nothing below /cdn-cgi.',
    type: 'invalid_request_error',
    param: null,
    code: 'route_not_found',
  };
  return Response.json({ error }, { status: 404 });
}
