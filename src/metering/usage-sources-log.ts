// Where the sums of a chart come from, with the fewest rows read: whole days from the sums of days, their edges and today
// from those of hours; hours and days that are marked (rolled-sums-log.ts) from usage_hourly.

import { summedColumns } from './roll-up-log.ts';
import type { TotalDimension } from './rolled-sums-log.ts';
import type { UsageGrouping, UsageQuery } from './usage-query.ts';

type Column = 'token_id' | 'account_id' | 'model' | 'channel_id';

const hourMs = 3_600_000;

const columnOf: Partial<Record<UsageGrouping, Column>> = {
  token: 'token_id',
  group: 'token_id',
  account: 'account_id',
  model: 'model',
  requested_model: 'model',
  channel: 'channel_id',
};

/** A filter, as a condition on a column: `?` is `column`. */
interface Filter {
  column: Column;
  /** Whether it names one value, so that an index finds it. */
  isOne: boolean;
  sql: (column: string) => string;
}

/** Returns the union of the sources, and its values: ?1 and ?2 are the whole days, ?3 is the hours around them. */
export function sourcesOf(
  query: UsageQuery,
  groupings: readonly UsageGrouping[],
): { sources: string; values: unknown[] } {
  const { filters, values } = filtersOf(query);
  const asked: Asked = { groupings, filters };
  const hours: [number, number] = [
    Math.max(0, Math.floor(query.fromMs / hourMs)),
    Math.ceil(query.toMs / hourMs),
  ];
  const whole: [number, number] = [Math.ceil(hours[0] / 24), Math.floor(hours[1] / 24)];
  // Of an account alone there are sums by the hour, which are fewer than the sums of days that it shares.
  const isHourly = groupings.includes('hour') || [...columnsOf(asked)].join() === 'account_id';
  const days = isHourly || whole[0] >= whole[1] ? [0, 0] : whole;
  const edges =
    days[1] === 0 ? [hours] : [[hours[0], whole[0] * 24] as const, [whole[1] * 24, hours[1]] as const];
  const isByServed = groupings.includes('model') || query.model !== undefined;
  const parts = [rolledUp(asked, requested), ...(isByServed ? [rolledUp(asked, served)] : [])];
  return {
    sources: parts.join(' UNION ALL '),
    values: [...days, JSON.stringify(edges.filter(([from, to]) => from < to)), ...values],
  };
}

interface Asked {
  groupings: readonly UsageGrouping[];
  filters: Filter[];
}

/** What sums must tell apart. */
function columnsOf({ groupings, filters }: Asked): Set<Column> {
  return new Set([
    ...groupings.flatMap((grouping) => columnOf[grouping] ?? []),
    ...filters.map(({ column }) => column),
  ]);
}

function filtersOf(query: UsageQuery): { filters: Filter[]; values: unknown[] } {
  const values: unknown[] = [];
  const filters: Filter[] = [];
  const add = (column: Column, asked: string | readonly string[] | undefined) => {
    if (asked === undefined) return;
    const isOne = typeof asked === 'string' || asked.length === 1;
    values.push(isOne ? [asked].flat()[0] : JSON.stringify(asked));
    const place = `?${values.length + 3}`;
    filters.push({
      column,
      isOne,
      sql: (name) => (isOne ? `${name} = ${place}` : `${name} IN (SELECT value FROM json_each(${place}))`),
    });
  };
  add('token_id', query.tokenId);
  add('model', query.model ?? query.requestedModel);
  add('channel_id', query.channelId);
  add('account_id', query.accountId);
  if (query.group !== undefined) {
    values.push(query.group);
    const place = `?${values.length + 3}`;
    const sql = (name: string) => `${name} IN (SELECT id FROM tokens WHERE group_name = ${place})`;
    filters.push({ column: 'token_id', isOne: false, sql });
  }
  return { filters, values };
}

/** The tables of requests by their requested model, or of what to add for the model that answered. */
interface Tables {
  hourly: string;
  daily: string;
  hourIndexes: Partial<Record<Column, string>>;
  dayIndexes: Partial<Record<Column, string>>;
  /** The sums by one key, by the hour and by the day. `all`: without a key. */
  totals: Partial<Record<Column | 'all', { hour: TotalDimension; day?: TotalDimension }>>;
}

const requested: Tables = {
  hourly: 'usage_hourly',
  daily: 'usage_daily',
  hourIndexes: { token_id: 'usage_hourly_by_token' },
  dayIndexes: {
    token_id: 'usage_daily_by_token',
    model: 'usage_daily_by_model',
    channel_id: 'usage_daily_by_channel',
    account_id: 'usage_daily_by_account',
  },
  totals: {
    // Every channel's sums together are all, by the day.
    all: { hour: 'hour', day: 'channel' },
    token_id: { hour: 'token-hour', day: 'token' },
    model: { hour: 'model-hour', day: 'model' },
    channel_id: { hour: 'channel-hour', day: 'channel' },
    account_id: { hour: 'account-hour' },
  },
};

const served: Tables = {
  hourly: 'usage_served',
  daily: 'usage_served_daily',
  hourIndexes: {},
  dayIndexes: {},
  totals: { model: { hour: 'served-hour', day: 'served' } },
};

/** The hours that no whole day with up-to-date sums covers. */
const spans = `(SELECT value ->> 0 AS from_hour, value ->> 1 AS to_hour FROM json_each(?3)
  UNION ALL SELECT at * 24, at * 24 + 24 FROM usage_dirty WHERE unit = 'day' AND at >= ?1 AND at < ?2) AS span`;

/** The ranges of whole days between the marked ones. */
const cleanDays = `(SELECT at + 1 AS from_day, LEAD(at, 1, ?2) OVER (ORDER BY at) AS to_day FROM (
  SELECT ?1 - 1 AS at UNION ALL SELECT at FROM usage_dirty WHERE unit = 'day' AND at >= ?1 AND at < ?2)) AS clean`;

/** The ranges of hours in the spans, between the marked ones. */
const cleanHours = `(SELECT at + 1 AS from_hour, LEAD(at, 1, to_hour) OVER (PARTITION BY from_hour ORDER BY at) AS to_hour FROM (
  SELECT from_hour, to_hour, from_hour - 1 AS at FROM ${spans}
  UNION ALL SELECT from_hour, to_hour, at FROM ${spans}
    CROSS JOIN usage_dirty ON unit = 'hour' AND at >= from_hour AND at < to_hour)) AS clean`;

function rolledUp(asked: Asked, tables: Tables): string {
  const columns = columnsOf(asked);
  const [only = 'all'] = columns;
  const total = columns.size > 1 ? undefined : tables.totals[only];
  const days = total?.day === undefined ? daysOfCells(asked, tables) : daysOfTotals(asked, total.day, only);
  const parts =
    total === undefined
      ? [days, hoursOfCells(asked, tables)]
      : [days, hoursOfTotals(asked, total.hour, only), markedHours(asked, tables)];
  return `SELECT * FROM (${parts.join(' UNION ALL ')})`;
}

function daysOfTotals(asked: Asked, dimension: TotalDimension, only: Column | 'all'): string {
  const from = `${cleanDays} CROSS JOIN ${totalsFor(asked, only)}`;
  return select(asked, from, 'cell.at * 24', () => 'cell.key', [
    `cell.dimension = '${dimension}' AND cell.at >= clean.from_day AND cell.at < clean.to_day`,
  ]);
}

function hoursOfTotals(asked: Asked, dimension: TotalDimension, only: Column | 'all'): string {
  const from = `${cleanHours} CROSS JOIN ${totalsFor(asked, only)}`;
  return select(asked, from, 'cell.at', () => 'cell.key', [
    `cell.dimension = '${dimension}' AND cell.at >= clean.from_hour AND cell.at < clean.to_hour`,
  ]);
}

/** With one key, the index by key; else the primary key. */
function totalsFor({ filters }: Asked, only: Column | 'all'): string {
  const isByKey = filters.some(({ column, isOne }) => column === only && isOne);
  return `usage_totals AS cell ${isByKey ? 'INDEXED BY usage_totals_by_key' : ''}`;
}

const named = (column: Column) => `cell.${column}`;

function daysOfCells(asked: Asked, { daily, dayIndexes }: Tables): string {
  const from = `${cleanDays} CROSS JOIN ${daily} AS cell ${indexFor(asked, dayIndexes)}`;
  return select(asked, from, 'cell.day * 24', named, [
    'cell.day >= clean.from_day AND cell.day < clean.to_day',
  ]);
}

function hoursOfCells(asked: Asked, { hourly, hourIndexes }: Tables): string {
  const from = `${spans} CROSS JOIN ${hourly} AS cell ${indexFor(asked, hourIndexes)}`;
  return select(asked, from, 'cell.hour', named, [
    'cell.hour >= span.from_hour AND cell.hour < span.to_hour',
  ]);
}

function markedHours(asked: Asked, { hourly, hourIndexes }: Tables): string {
  const from = `${spans} CROSS JOIN usage_dirty AS marked
    CROSS JOIN ${hourly} AS cell ${indexFor(asked, hourIndexes)}`;
  return select(asked, from, 'cell.hour', named, [
    `marked.unit = 'hour' AND marked.at >= span.from_hour AND marked.at < span.to_hour AND cell.hour = marked.at`,
  ]);
}

function indexFor({ filters }: Asked, indexes: Partial<Record<Column, string>>): string {
  const index = filters.filter(({ isOne }) => isOne).map(({ column }) => indexes[column])[0];
  return index === undefined ? '' : `INDEXED BY ${index}`;
}

const sums = summedColumns.map((column) => `cell.${column}`).join(', ');

/** `hour`: the number of the cell's hour, or of its day's first hour. */
function select(
  { groupings, filters }: Asked,
  from: string,
  hour: string,
  column: (name: Column) => string,
  where: string[],
): string {
  const [first = 'day', second] = groupings;
  const key = (grouping: UsageGrouping) => keyOf(grouping, hour, column);
  const conditions = [...where, ...filters.map((filter) => filter.sql(column(filter.column)))];
  return `SELECT ${key(first)} AS key, ${second === undefined ? 'NULL' : key(second)} AS secondKey, ${sums}
    FROM ${from} WHERE ${conditions.join(' AND ')}`;
}

function keyOf(grouping: UsageGrouping, hour: string, column: (name: Column) => string): string {
  switch (grouping) {
    case 'hour':
      return `${hour} * 3600000`;
    case 'day':
      return `${hour} / 24 * 86400000`;
    case 'month':
      return `unixepoch(${hour} * 3600, 'unixepoch', 'start of month') * 1000`;
    case 'group':
      return `COALESCE((SELECT group_name FROM tokens WHERE id = ${column('token_id')}), '')`;
    default:
      return column(columnOf[grouping] ?? 'token_id');
  }
}
