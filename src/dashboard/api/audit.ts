// /api/audit: who changed what, when, and who signed in and out. The API records every successful change. Entries
// contain no key, password, or header value.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { appendAudit, auditPage } from '../accounts/audit-log.ts';
import { newId } from '../accounts/secret-value.ts';
import { auditEventOf, auditEvents, auditSummaries } from './audit-events.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { cutPage, pageOf, pageParameters, timeCursor } from './pages.ts';
import { callFailures, inputFailures, json } from './responses.ts';
import type { ManagementServices } from './services.ts';
import { isoOf, isoTime } from './values.ts';

const change = z
  .object({
    id: z.string(),
    at: isoTime,
    account_id: z.string().openapi({ description: 'Who did it. Empty: an unknown person.' }),
    method: z.string(),
    path: z.string().openapi({ description: 'Below /api; of signing in and out below /dashboard.' }),
    event: z
      .enum(auditEvents)
      .openapi({ description: 'What happened. `change`: a call of the API that has no event of its own.' }),
    summary: z.string().openapi({ description: 'The event in words.' }),
    detail: z.string().openapi({ description: 'What was sent, as JSON, without secrets; cut when long.' }),
  })
  .openapi('Change');

const auditRoute = createRoute({
  method: 'get',
  path: '/audit',
  summary: 'Changes, newest first.',
  tags: ['audit'],
  security: [{ adminKey: [] }],
  request: { query: z.object(pageParameters) },
  responses: { 200: json(pageOf(change), 'A page.'), ...inputFailures, ...callFailures },
});

/** Adds the route of the audit. */
export function addAuditRoute(api: OpenAPIHono<ApiEnv>, { db }: ManagementServices): void {
  api.openapi(auditRoute, async (context) => {
    const { limit, cursor } = context.req.valid('query');
    const rows = await auditPage(db, timeCursor(cursor), limit + 1);
    const { page, next_cursor } = cutPage(rows, limit, ({ atMs, id }) => ({ createdAtMs: atMs, id }));
    const data = page.map(({ atMs, accountId, ...same }) => ({
      ...same,
      event: auditEventOf(same),
      summary: auditSummaries[auditEventOf(same)],
      at: isoOf(atMs),
      account_id: accountId,
    }));
    return context.json({ data, next_cursor }, 200);
  });
}

/** Records every change that succeeded. */
export function recordChanges({ db, now, report }: ManagementServices): MiddlewareHandler<ApiEnv> {
  return async (context, next) => {
    await next();
    const { method } = context.req;
    const path = context.req.path.replace(/^\/api(?=\/)/, '');
    // Testing a channel, looking up a token, and requesting passkey options change nothing, and an import is as long as a deployment.
    const isChange =
      !['GET', 'HEAD', 'OPTIONS'].includes(method) && !/\/(test|options|tokens\/lookup)$/.test(path);
    if (!isChange || !context.res.ok) return;
    const { principal, recorded } = context.var;
    const body = recorded === undefined ? await context.req.text() : JSON.stringify(recorded);
    const detail = path === '/import' || method === 'DELETE' ? '' : shown(body);
    const { accountId } = principal;
    try {
      await appendAudit(db, { id: newId('aud'), atMs: now(), accountId, method, path, detail });
    } catch (error) {
      // The change is made already, so a failed entry must not turn the answer into an error.
      report('change-not-recorded', error);
    }
  };
}

const secretFields = new Set([
  // Addresses of Slack's and Discord's webhooks are credentials.
  'url',
  'keys',
  'add_keys',
  'headers',
  'password',
  'current_password',
  'state',
  'response',
]);

function shown(body: string): string {
  try {
    const text = JSON.stringify(JSON.parse(body), (name, value) => (secretFields.has(name) ? '…' : value));
    return text.slice(0, managementLimits.auditCharacters);
  } catch {
    return '';
  }
}
