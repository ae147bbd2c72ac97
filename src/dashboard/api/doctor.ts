// /api/doctor: checks everything that a relay depends on. `npm run doctor` calls it.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { checkNames } from '../doctor/finding.ts';
import type { ApiEnv } from './authenticate.ts';
import { callFailures, json } from './responses.ts';
import type { ManagementServices } from './services.ts';

const finding = z
  .object({
    check: z.enum(checkNames),
    status: z.enum(['ok', 'warning', 'broken']).openapi({
      description: '`warning`: it may be meant so, or come right by itself.',
    }),
    code: z.string().openapi({ description: 'Stable; identifies the finding.', example: 'cron_late' }),
    detail: z.string(),
    remedy: z.string().nullable().openapi({ description: 'What to do; null: nothing.' }),
  })
  .openapi('Finding');

const diagnosis = z
  .object({
    ok: z.boolean().openapi({ description: 'Nothing is broken.' }),
    findings: z.array(finding),
  })
  .openapi('Diagnosis');

const doctorRoute = createRoute({
  method: 'get',
  path: '/doctor',
  summary: 'Check secrets, bindings, schema, a ledger, the hourly work and the channels. May take a minute.',
  tags: ['relay'],
  security: [{ adminKey: [] }],
  responses: { 200: json(diagnosis, 'What was found.'), ...callFailures },
});

/** Adds the route of the check. */
export function addDoctorRoute(api: OpenAPIHono<ApiEnv>, { diagnose }: ManagementServices): void {
  api.openapi(doctorRoute, async (context) => {
    const findings = (await diagnose()).map((found) => ({ ...found }));
    return context.json({ ok: findings.every(({ status }) => status !== 'broken'), findings }, 200);
  });
}
