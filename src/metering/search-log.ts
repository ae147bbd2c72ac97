// Finds rows of the log by any filters, newest first: in blocks by the packed index, elsewhere by reading rows. Every
// row that it returns has been checked against the filters, so the index may be late, but never wrong. Bounded.
import { addEncoded, emptyPositions, highestPositions, intersect } from '../lib/position-set.ts';
import type { Condition, LogFilter, LogPage, LogPosition, Where } from './filter-log.ts';
import { hasLegacyRowsSql } from './legacy-log.ts';
import { blockLimits, timeDigits } from './postings.ts';
import { rowOfStored, type StoredRow } from './row-log.ts';
import {
  type Candidate,
  candidatesQuery,
  cutQuery,
  gapQuery,
  lastMsOf,
  lateQuery,
  lookupQueries,
  newestQuery,
  type Search,
  searchLimits,
} from './search-queries-log.ts';

interface Block {
  toMs: number;
  afterMs: number;
  rowCount: number;
}

/** What one step found: rows, in any order, and before which position nothing is known yet. Null: it is the end of the log. */
interface Step {
  rows: StoredRow[];
  next: LogPosition | null;
  hasEarlierRows: boolean;
}

/** A page, and whether the earlier table has rows too. */
export interface FoundPage extends LogPage {
  hasEarlierRows: boolean;
}

/** Returns a page of the rows that satisfy all conditions. */
export async function searchRows(
  db: D1Database,
  filter: LogFilter,
  conditions: readonly Condition[],
  after: LogPosition | null,
  limit: number,
): Promise<FoundPage> {
  const found = new Map<string, StoredRow>();
  let position: LogPosition | null = startOf(filter, after);
  let hasEarlierRows = false;
  for (const blocks of searchLimits.blocksAtATime) {
    const step: Step = await searchStep(db, { filter, conditions, position, limit: limit + 1 }, blocks);
    for (const row of step.rows) found.set(String(row.id), row);
    hasEarlierRows = step.hasEarlierRows;
    position = step.next;
    if (found.size > limit || position === null) break;
  }
  return { ...pageOf(found, limit, position), hasEarlierRows };
}

/** The end of the range, or the cursor if that is earlier. */
function startOf({ toMs }: LogFilter, after: LogPosition | null): LogPosition {
  const end = { createdAtMs: toMs ?? Number.MAX_SAFE_INTEGER, id: '' };
  return after !== null && after.createdAtMs < end.createdAtMs ? after : end;
}

function pageOf(found: Map<string, StoredRow>, limit: number, next: LogPosition | null): LogPage {
  const rows = [...found.values()].map(rowOfStored).sort((one, other) => {
    return other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1);
  });
  const last = rows[limit - 1];
  if (rows.length <= limit || last === undefined) return { rows, next };
  return { rows: rows.slice(0, limit), next: { createdAtMs: last.createdAtMs, id: last.id } };
}

/** Looks through the rows before the position, as far back as that many blocks go or the limit is reached. */
async function searchStep(db: D1Database, search: Search, blockCount: number): Promise<Step> {
  const upperMs = lastMsOf(search.position);
  const newest = newestQuery(search);
  const lookups = lookupQueries(search.conditions, upperMs, search.filter.fromMs ?? -1, blockCount);
  const [earlier = [], rows = [], edge = [], blocks = [], bound = [], others = [], ...postings] =
    await readAll(db, [{ sql: hasLegacyRowsSql, values: [] }, newest.page, newest.edge, ...lookups]);
  const hasEarlierRows = earlier.length > 0;
  const found = blocks.map(blockOf).filter(({ afterMs }) => afterMs < upperMs);
  // Often the newest rows, which have no block yet, are enough.
  const end = positionOf(rows[search.limit - 1]) ?? positionOf(edge[0]);
  if (end !== null) return { rows, next: end, hasEarlierRows };
  if (blocks.length === 0) return { rows, next: null, hasEarlierRows };
  const sets = matchesIn(found, postings);
  const newestBlock = blocks.length === found.length ? found[0] : undefined;
  const isAll = blocks.length < blockCount;
  const hasOlder = others[0]?.older === 1;
  const plan = planOf(search, found, { isAll, hasOlder, newest: newestBlock }, (block) => {
    const below = block.toMs >= upperMs ? positionsUpTo(bound[0], upperMs) : block.rowCount;
    return highestPositions(sets.get(block.toMs) ?? new Uint8Array(0), below, search.limit + spareCandidates);
  });
  const isEmpty = plan.candidates.length === 0 && plan.gaps.length === 0 && others[0]?.late !== 1;
  const { rows: older, next } = isEmpty ? { rows: [], next: endOf(plan) } : await runPlan(db, search, plan);
  return { rows: [...rows, ...older], next, hasEarlierRows };
}

async function readAll(db: D1Database, queries: readonly Where[]): Promise<StoredRow[][]> {
  const answers = await db.batch<StoredRow>(
    queries.map(({ sql, values }) => db.prepare(sql).bind(...values)),
  );
  return answers.map(({ results }) => results);
}

function positionOf(row: StoredRow | undefined): LogPosition | null {
  return row === undefined ? null : { createdAtMs: Number(row.created_at), id: String(row.id) };
}

/** Candidates that may turn out not to match: equal hashes, and rows that were replaced. */
const spareCandidates = 20;

function blockOf({ to_at, after_at, row_count }: StoredRow): Block {
  return { toMs: Number(to_at), afterMs: Number(after_at), rowCount: Number(row_count) };
}

/** Returns the positions of each block that satisfy all conditions, as far as the index knows. */
function matchesIn(blocks: readonly Block[], postings: readonly StoredRow[][]): Map<number, Uint8Array> {
  const sizes = new Map(blocks.map(({ toMs, rowCount }) => [toMs, rowCount]));
  const [first = new Map(), ...others] = postings.map((entries) => {
    const sets = new Map<number, Uint8Array>();
    for (const { to_at, positions } of entries) {
      const toMs = Number(to_at);
      const set = sets.get(toMs) ?? emptyPositions(sizes.get(toMs) ?? 0);
      addEncoded(set, String(positions));
      sets.set(toMs, set);
    }
    return sets;
  });
  for (const [toMs, set] of first)
    for (const sets of others) intersect(set, sets.get(toMs) ?? new Uint8Array(0));
  return first;
}

/** Returns how many rows of a block are not after that time. */
function positionsUpTo(part: StoredRow | undefined, upperMs: number): number {
  if (part === undefined) return 0;
  const times = String(part.times);
  let count = 0;
  while (
    count * timeDigits < times.length &&
    Number(times.slice(count * timeDigits, (count + 1) * timeDigits)) <= upperMs
  )
    count += 1;
  return Number(part.part) * blockLimits.timesInPart + count;
}

/** What to read. A gap is a range without blocks: after the first time, up to the second. */
interface Plan {
  gaps: { afterMs: number; toMs: number }[];
  candidates: Candidate[];
  /** Where the candidates are cut off: their last one's place. Null: they are not. */
  cutAt: Candidate | null;
  /** The blocks reach back to here. Null: to the beginning. */
  endMs: number | null;
  /** Where the oldest block begins. */
  blocksFromMs: number;
}

function planOf(
  { limit, position }: Search,
  blocks: readonly Block[],
  { isAll, hasOlder, newest }: { isAll: boolean; hasOlder: boolean; newest: Block | undefined },
  positionsIn: (block: Block) => number[],
): Plan {
  const plan: Plan = {
    gaps: [],
    candidates: [],
    cutAt: null,
    endMs: null,
    blocksFromMs: Number.MAX_SAFE_INTEGER,
  };
  const most = limit + spareCandidates;
  let upperMs = lastMsOf(position);
  for (const block of blocks) {
    // What is newer than every block was read before.
    if (block.toMs < upperMs && block !== newest) plan.gaps.push({ afterMs: block.toMs, toMs: upperMs });
    if (plan.gaps.length === searchLimits.gapsAtATime) return { ...plan, endMs: block.toMs };
    plan.blocksFromMs = block.afterMs;
    for (const place of positionsIn(block)) plan.candidates.push([block.toMs, place]);
    upperMs = block.afterMs;
    if (plan.candidates.length >= most) {
      plan.candidates.length = most;
      plan.cutAt = plan.candidates[most - 1] ?? null;
      return plan;
    }
  }
  if (!isAll) plan.endMs = upperMs;
  else if (hasOlder) plan.gaps.push({ afterMs: -1, toMs: upperMs });
  return plan;
}

/** Reads what the plan names, in one batch, and finds out how far back everything is known. */
async function runPlan(db: D1Database, search: Search, plan: Plan): Promise<Omit<Step, 'hasEarlierRows'>> {
  const gapQueries = plan.gaps.map((gap) => gapQuery(search, gap));
  const statements = [
    candidatesQuery(search, plan.candidates),
    lateQuery(search, plan.blocksFromMs),
    cutQuery(plan.cutAt),
    ...gapQueries.flatMap(({ page, edge }) => [page, edge]),
  ];
  const [candidates = [], late = [], cut = [], ...gaps] = await readAll(db, statements);
  const ends: LogPosition[] = gaps.flatMap((rows, index) => {
    const [end] = index % 2 === 1 ? rows : rows.slice(search.limit - 1);
    return end === undefined ? [] : [{ createdAtMs: Number(end.created_at), id: String(end.id) }];
  });
  if (cut[0] !== undefined) ends.push({ createdAtMs: Number(cut[0].at), id: '' });
  const end = endOf(plan);
  if (end !== null) ends.push(end);
  const next =
    ends.sort((one, other) => other.createdAtMs - one.createdAtMs || (one.id < other.id ? 1 : -1))[0] ?? null;
  const rows = [...candidates, ...late, ...gaps.filter((_, index) => index % 2 === 0).flat()];
  const isBefore = (row: StoredRow) => !isKnown(row, search.position);
  return { rows: rows.filter((row) => isBefore(row) && (next === null || isKnown(row, next))), next };
}

/** Returns where the plan's blocks end, or null if that is the end of the log. */
function endOf({ endMs }: Plan): LogPosition | null {
  return endMs === null ? null : { createdAtMs: endMs + 1, id: '' };
}

/** Rows at or after the position: all of them were found. */
function isKnown({ created_at, id }: StoredRow, { createdAtMs, id: endId }: LogPosition): boolean {
  return Number(created_at) > createdAtMs || (Number(created_at) === createdAtMs && String(id) >= endId);
}
