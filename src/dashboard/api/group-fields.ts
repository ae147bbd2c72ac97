// The group as the management API reads and writes it, and the conversion to and from the stored record.
import { z } from '@hono/zod-openapi';
import type { Group } from '../../routing/channel.ts';
import type { GroupChanges } from '../../routing/group-store.ts';
import { managementLimits } from './limits.ts';
import { limits, limitsOf, modelList } from './token-fields.ts';

const name = z
  .string()
  .regex(/^[\w.-]+$/, 'must be letters, digits, `_`, `.` and `-`')
  // URL paths cannot contain these segments: the group could not be read, edited, or deleted.
  .refine((text) => !/^\.\.?$/.test(text), 'must not be `.` or `..`')
  .max(managementLimits.groupCharacters);

const millionths = 1_000_000;

const multiplier = z
  .number()
  .min(0, 'must not be negative')
  .max(managementLimits.multiplier)
  .refine((value) => Number.isInteger(roundedMillionths(value)), 'must have at most six decimals');

const optionalFields = {
  price_multiplier: multiplier
    .optional()
    .openapi({ description: 'Times the price of every request; 1 when nothing is said, 0 is free.' }),
  models: modelList.nullish().openapi({ description: 'Exact names or `*` wildcards; empty is all.' }),
  channels: z
    .array(z.string().min(1))
    .max(managementLimits.channelsOfGroup)
    .nullish()
    .openapi({ description: 'Ids of the channels that its tokens may use; empty is all.' }),
  limits: limits.nullish().openapi({
    description: "Of each token by itself: the lower of the group's and its own counts. Replaced whole.",
  }),
};

export const newGroup = z.strictObject({ name, ...optionalFields }).openapi('NewGroup');
export const groupEdit = z.strictObject(optionalFields).openapi('GroupEdit');
export type GroupEdit = z.infer<typeof groupEdit>;

export const group = z
  .object({
    name: z.string(),
    price_multiplier: z.number(),
    models: z.array(z.string()),
    channels: z.array(z.string()),
    limits: z.object({
      rpm: z.int().optional(),
      tpm: z.int().optional(),
      concurrency: z.int().optional(),
    }),
  })
  .openapi('Group');
export type GroupView = z.infer<typeof group>;

export function groupView({ name, priceMultiplierMillionths, models, channels, limits }: Group) {
  return {
    name,
    price_multiplier: priceMultiplierMillionths / millionths,
    models: [...models],
    channels: [...channels],
    limits,
  };
}

/** Returns the fields that an edit (or a new group) sets. Null means "all" or "none". */
export function changesOfGroup({ price_multiplier, models, channels, limits }: GroupEdit): GroupChanges {
  return {
    ...(price_multiplier !== undefined && {
      priceMultiplierMillionths: roundedMillionths(price_multiplier),
    }),
    ...(models !== undefined && { models: models ?? [] }),
    ...(channels !== undefined && { channels: channels ?? [] }),
    ...(limits !== undefined && { limits: limitsOf(limits) }),
  };
}

/** Returns an integer if the number has at most six decimals, else null. */
function roundedMillionths(value: number): number {
  const rounded = Math.round(value * millionths);
  return Math.abs(rounded - value * millionths) < 1e-6 ? rounded : value * millionths;
}
