// What every request body goes through before its route's schema: a bound, and emptiness as `{}`.
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { managementLimits } from './limits.ts';
import { Problem } from './problem.ts';

/** Refuses bodies over the bound (413); gives routes `{}` where a client sends nothing. */
export const tameBody: MiddlewareHandler = async (context, next) => {
  if (['GET', 'HEAD', 'DELETE', 'OPTIONS'].includes(context.req.method)) return next();
  const bound = context.req.path.endsWith('/import')
    ? managementLimits.importBodyBytes
    : managementLimits.bodyBytes;
  const bounded = bodyLimit({
    maxSize: bound,
    onError: () => {
      throw new Problem(413, `The body may have ${bound} bytes at most. Send it in parts.`);
    },
  });
  return bounded(context, async () => {
    if ((await context.req.arrayBuffer()).byteLength === 0) {
      const { url, method } = context.req.raw;
      const headers = { 'content-type': 'application/json' };
      context.req.raw = new Request(url, { method, headers, body: '{}' });
      context.req.bodyCache = {};
    }
    await next();
  });
};
