// How money and time are written in the management API, in both directions.
import { z } from '@hono/zod-openapi';
import { nanoFromUsd } from '../../lib/money.ts';

/** An amount that is sent: USD, at most nine decimals. */
export const usdAmount = z
  .number()
  .min(0, 'must not be negative')
  .refine((usd) => nanoFromUsd(usd) !== null, 'must be USD with at most nine decimals, below nine million');

/** An amount that is answered. */
export const usd = z.number();

/** A time that is sent. A date alone is its first moment in UTC. */
export const instant = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be an ISO 8601 time, like 2027-01-31T00:00:00Z',
  })
  .refine(hasFourDigitYear, 'must be in a year of four digits, in UTC too');

/** A time that is answered. */
export const isoTime = z.iso.datetime();

/** Others are written with a sign and six digits, which is no `isoTime`. */
function hasFourDigitYear(time: string): boolean {
  return /^\d{4}-/.test(new Date(time).toISOString());
}

/** The nano-USD of a checked amount. */
export function nanoOf(amount: number): number {
  const nano = nanoFromUsd(amount);
  if (nano === null) throw new Error('an amount passed its schema and is none');
  return nano;
}

/** Milliseconds of a checked time. */
export function msOf(time: string): number {
  return Date.parse(time);
}

export function isoOf(ms: number): string;
export function isoOf(ms: number | null): string | null;
export function isoOf(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
