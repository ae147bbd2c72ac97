// What every request body goes through before its route's schema: a bound, and emptiness as `{}`.
import type { MiddlewareHandler } from 'hono';
import { managementLimits } from './limits.ts';
import { Problem } from './problem.ts';

/** Refuses bodies over the bound (413); gives routes `{}` where a client sends nothing. */
export const tameBody: MiddlewareHandler = async (context, next) => {
  if (['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(context.req.method)) return next();
  const bound = context.req.path.endsWith('/import')
    ? managementLimits.importBodyBytes
    : managementLimits.bodyBytes;
  if (Number(context.req.header('content-length') ?? 0) > bound) throw tooLarge(bound);
  const body = await context.req.arrayBuffer();
  if (body.byteLength > bound) throw tooLarge(bound);
  if (body.byteLength === 0) {
    const { url, method } = context.req.raw;
    const headers = { 'content-type': 'application/json' };
    context.req.raw = new Request(url, { method, headers, body: '{}' });
    context.req.bodyCache = {};
  }
  await next();
};

function tooLarge(bound: number): Problem {
  return new Problem(413, `The body may have ${bound} bytes at most. Send it in parts.`);
}
