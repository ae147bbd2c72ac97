// How the management API writes money and time, in both directions.
import { z } from '@hono/zod-openapi';
import { nanoFromUsd } from '../../lib/money.ts';

/** An amount in a request: USD, at most nine decimals. */
export const usdAmount = z
  .number()
  .min(0, 'must not be negative')
  .refine((usd) => nanoFromUsd(usd) !== null, 'must be USD with at most nine decimals, below nine million');

/** An amount in an answer. */
export const usd = z.number();

/** A time in a request. A date alone is its first moment in UTC. */
export const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be an ISO 8601 time, like 2027-01-31T00:00:00Z',
  })
  .refine(hasFourDigitYear, 'must be in a year of four digits, in UTC too');

/** A time in an answer. */
export const isoTime = z.iso.datetime();

/** Other years are written with a sign and six digits, which `isoTime` does not accept. */
function hasFourDigitYear(time: string): boolean {
  return /^\d{4}-/.test(new Date(time).toISOString());
}

/** Returns the nano-USD of a validated amount. */
export function nanoOf(amount: number): number {
  const nano = nanoFromUsd(amount);
  if (nano === null) throw new Error('an invalid amount passed its schema');
  return nano;
}

/** Returns the milliseconds of a validated time. */
export function msOf(time: string): number {
  return Date.parse(time);
}

export function isoOf(ms: number): string;
export function isoOf(ms: number | null): string | null;
export function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
