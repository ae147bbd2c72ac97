// The filters of the request log, as callers write them.
import { z } from '@hono/zod-openapi';
import type { LogFilter, StatusRange } from '../../metering/filter-log.ts';
import { idsOfNames, modelsLike, patternLimits } from '../../metering/filter-names-log.ts';
import { errorClasses } from '../../metering/log-row.ts';
import type { Principal } from '../accounts/account.ts';
import { fieldProblem } from './problem.ts';
import { accountInView } from './roles.ts';
import type { ManagementServices } from './services.ts';
import { instant, msOf } from './values.ts';

export const logFilters = {
  token: z.string().optional().openapi({ description: 'Token id or name.' }),
  account: z.string().optional().openapi({ description: 'Account id, name, or email.' }),
  model: z
    .string()
    .optional()
    .openapi({ description: 'As it was requested; `*` stands for any characters.' }),
  channel: z.string().optional().openapi({ description: 'Channel id or name.' }),
  status: z
    .string()
    .regex(/^[1-5](\d\d|xx)$/i, 'must be a status like 502, or a class like 4xx')
    .optional()
    .openapi({ description: 'A status (502) or a class (4xx).' }),
  errors: z.enum(['0', '1']).optional().openapi({ description: '1: only failed requests.' }),
  error_code: z.string().optional(),
  error_class: z.enum(errorClasses).optional(),
  end_user: z.string().optional(),
  session: z.string().optional(),
  tag: z.string().optional().openapi({ description: '`key=value`.' }),
  from: instant.optional(),
  to: instant.optional().openapi({ description: 'Not included.' }),
};

const filterQuery = z.object(logFilters);

/** Returns the filter. Throws a Problem (400) if the times are out of order, or a pattern stands for too many models. */
export async function logFilterOf(
  { db }: Pick<ManagementServices, 'db'>,
  principal: Principal,
  query: z.infer<typeof filterQuery>,
): Promise<LogFilter> {
  const { from, to, model } = query;
  const fromMs = from === undefined ? undefined : msOf(from);
  const toMs = to === undefined ? undefined : msOf(to);
  if (fromMs !== undefined && toMs !== undefined && fromMs > toMs) {
    throw fieldProblem('from', 'must not be after `to`');
  }
  const account = accountInView(principal, query.account);
  const ids = await idsOfNames(db, { token: query.token, account, channel: query.channel });
  return {
    tokenId: ids.token,
    accountId: principal.role === 'admin' ? ids.account : account,
    channelId: ids.channel,
    model: model === undefined ? undefined : await modelsOf(db, model),
    status: statusOf(query.status, query.errors === '1'),
    errorCode: query.error_code,
    errorClass: query.error_class,
    endUser: query.end_user,
    session: query.session,
    tag: query.tag,
    fromMs,
    toMs,
  };
}

async function modelsOf(db: D1Database, pattern: string): Promise<readonly string[]> {
  const names = await modelsLike(db, pattern);
  if (names.length > patternLimits.names)
    throw fieldProblem('model', `matches more than ${patternLimits.names} models; make it longer`);
  return names;
}

function statusOf(status: string | undefined, isError: boolean): StatusRange | undefined {
  if (status === undefined && !isError) return undefined;
  const range =
    status === undefined
      ? { from: 0, to: 999 }
      : { from: Number(status.replace(/xx$/i, '00')), to: Number(status.replace(/xx$/i, '99')) };
  return isError ? { ...range, from: Math.max(range.from, 400) } : range;
}
