// What a chart is about.

/** What sums are grouped by. `model`: the model that answered. */
export const usageGroupings = [
  'day',
  'hour',
  'month',
  'token',
  'account',
  'group',
  'model',
  'requested_model',
  'channel',
] as const;

export type UsageGrouping = (typeof usageGroupings)[number];

/** Groupings by what callers say about requests. `tag:project`: the values of the tag `project`. */
export type AttributedGrouping = 'end_user' | 'session' | `tag:${string}`;

/** Whether roll-ups do not have a grouping. */
export function isAttributed(grouping: string): grouping is AttributedGrouping {
  return grouping === 'end_user' || grouping === 'session' || /^tag:[^=,]+$/.test(grouping);
}

/** Filters: one value, or any of several. `model`: the model that answered; not together with the requested one. */
export interface UsageQuery {
  groupBy: UsageGrouping | readonly UsageGrouping[];
  /** Rounded down to the hour. */
  fromMs: number;
  /** Excluded; rounded up to the hour. */
  toMs: number;
  tokenId?: string | readonly string[] | undefined;
  accountId?: string | readonly string[] | undefined;
  model?: string | readonly string[] | undefined;
  requestedModel?: string | readonly string[] | undefined;
  channelId?: string | readonly string[] | undefined;
  group?: string | undefined;
}
