// Incidents, endpoints, and deliveries, in the SQLite storage of a Durable Object.
import { withTimer } from '../lib/deadline-timer.ts';
import type { Sealed } from '../lib/seal.ts';
import type { AlertEvent, AlertFacts, AlertSignal, AlertStatus, Incident } from './alert-event.ts';
import type { Delivery, StoredEndpoint } from './alerts.ts';
import { alertLimits } from './alerts.ts';

type Row = Record<string, SqlStorageValue>;

export class AlertStore {
  private readonly sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.sql = sql;
    for (const statement of schema) sql.exec(statement);
  }

  /** Returns the open incident of an event and subject, or null. */
  openIncident(event: AlertEvent, subject: string): Incident | null {
    const found = this.rows(
      'SELECT * FROM incidents WHERE event = ? AND subject = ? AND resolved_at IS NULL',
      event,
      subject,
    );
    return found[0] === undefined ? null : incidentOf(found[0]);
  }

  openIncidents(): Incident[] {
    return this.rows(
      'SELECT * FROM incidents WHERE resolved_at IS NULL ORDER BY opened_at DESC, id DESC',
    ).map(incidentOf);
  }

  countOpen(): number {
    return Number(this.rows('SELECT COUNT(*) AS open FROM incidents WHERE resolved_at IS NULL')[0]?.open);
  }

  open({ event, subject, facts, reporter }: AlertSignal, id: string, nowMs: number): Incident {
    this.sql.exec(
      'INSERT INTO incidents (id, event, subject, facts, reporters, opened_at, seen_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
      ...[
        id,
        event,
        subject,
        JSON.stringify(facts),
        JSON.stringify(reporter === undefined ? [] : [reporter]),
        nowMs,
        nowMs,
      ],
    );
    return { id, event, subject, facts, openedAtMs: nowMs, seenAtMs: nowMs, resolvedAtMs: null };
  }

  /** Records that an incident still lasts, and who says so. */
  see({ id }: Incident, reporter: string | undefined, nowMs: number): void {
    if (reporter === undefined) this.sql.exec('UPDATE incidents SET seen_at = ? WHERE id = ?', nowMs, id);
    else
      this.writeReporters(
        id,
        [...new Set([...this.reporters(id), reporter])].slice(-alertLimits.reporters),
        nowMs,
      );
  }

  /** Removes a reporter. Returns whether none is left. */
  withdraw({ id }: Incident, reporter: string | undefined, nowMs: number): boolean {
    if (reporter === undefined) return true;
    const left = this.reporters(id).filter((one) => one !== reporter);
    this.writeReporters(id, left, nowMs);
    return left.length === 0;
  }

  resolve(incident: Incident, nowMs: number): Incident {
    this.sql.exec('UPDATE incidents SET resolved_at = ? WHERE id = ?', nowMs, incident.id);
    return { ...incident, resolvedAtMs: nowMs };
  }

  private reporters(id: string): string[] {
    return JSON.parse(
      String(this.rows('SELECT reporters FROM incidents WHERE id = ?', id)[0]?.reporters ?? '[]'),
    );
  }

  private writeReporters(id: string, reporters: readonly string[], nowMs: number): void {
    this.sql.exec(
      'UPDATE incidents SET reporters = ?, seen_at = ? WHERE id = ?',
      JSON.stringify(reporters),
      nowMs,
      id,
    );
  }

  endpoints(): StoredEndpoint[] {
    return this.rows('SELECT * FROM endpoints ORDER BY created_at DESC, id DESC').map(endpointOf);
  }

  endpoint(id: string): StoredEndpoint | null {
    const [row] = this.rows('SELECT * FROM endpoints WHERE id = ?', id);
    return row === undefined ? null : endpointOf(row);
  }

  putEndpoint({ id, url, events, format, secret, createdAtMs }: StoredEndpoint): void {
    this.sql.exec(
      'INSERT OR REPLACE INTO endpoints (id, url, events, format, secret, created_at) VALUES (?, ?, ?, ?, ?, ?)',
      ...[id, url, JSON.stringify(events), format, JSON.stringify(secret), createdAtMs],
    );
  }

  deleteEndpoint(id: string): void {
    this.sql.exec('DELETE FROM endpoints WHERE id = ?', id);
    this.sql.exec('DELETE FROM deliveries WHERE endpoint_id = ?', id);
  }

  delivery(id: string): Delivery | null {
    const [row] = this.rows('SELECT * FROM deliveries WHERE id = ?', id);
    return row === undefined ? null : deliveryOf(row);
  }

  /** Returns deliveries, newest first, after a position. */
  deliveries(
    endpointId: string | null,
    after: { createdAtMs: number; id: string } | null,
    limit: number,
  ): Delivery[] {
    const { createdAtMs = Number.MAX_SAFE_INTEGER, id = '' } = after ?? {};
    return this.rows(
      `SELECT * FROM deliveries WHERE (?1 IS NULL OR endpoint_id = ?1) AND (created_at, id) < (?2, ?3)
       ORDER BY created_at DESC, id DESC LIMIT ?4`,
      ...[endpointId, createdAtMs, id, limit],
    ).map(deliveryOf);
  }

  /** Adds or replaces a delivery, and drops the oldest finished ones beyond the bound. */
  putDelivery(delivery: Delivery): void {
    const { id, endpointId, type, status, body, createdAtMs, expiresAtMs, attempts, nextAtMs, state } =
      delivery;
    this.sql.exec(
      `INSERT OR REPLACE INTO deliveries (id, endpoint_id, type, status, body, created_at, expires_at, attempts, next_at, state,
         last_status, last_error, last_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ...[id, endpointId, type, status, body, createdAtMs, expiresAtMs, attempts, nextAtMs, state],
      ...[delivery.lastStatus, delivery.lastError, delivery.lastAtMs],
    );
  }

  due(nowMs: number, limit: number): Delivery[] {
    return this.rows(
      'SELECT * FROM deliveries WHERE next_at <= ? ORDER BY next_at, id LIMIT ?',
      nowMs,
      limit,
    ).map(deliveryOf);
  }

  nextDueMs(): number | null {
    const next = this.rows('SELECT MIN(next_at) AS next FROM deliveries')[0]?.next;
    return typeof next === 'number' ? next : null;
  }

  /** Deletes what is old, and what exceeds the bounds. */
  prune(nowMs: number): void {
    const oldMs = nowMs - alertLimits.keptMs;
    this.sql.exec('DELETE FROM deliveries WHERE next_at IS NULL AND created_at < ?', oldMs);
    this.sql.exec('DELETE FROM incidents WHERE resolved_at < ?', oldMs);
    for (const { id } of this.endpoints())
      this.sql.exec(
        `DELETE FROM deliveries WHERE endpoint_id = ?1 AND id NOT IN
           (SELECT id FROM deliveries WHERE endpoint_id = ?1 ORDER BY created_at DESC, id DESC LIMIT ?2)`,
        ...[id, alertLimits.deliveries],
      );
  }

  private rows(query: string, ...values: SqlStorageValue[]): Row[] {
    return this.sql.exec(query, ...values).toArray();
  }
}

const schema = [
  `CREATE TABLE IF NOT EXISTS incidents (id TEXT PRIMARY KEY, event TEXT NOT NULL, subject TEXT NOT NULL, facts TEXT NOT NULL,
     reporters TEXT NOT NULL, opened_at INTEGER NOT NULL, seen_at INTEGER NOT NULL, resolved_at INTEGER) WITHOUT ROWID`,
  'CREATE UNIQUE INDEX IF NOT EXISTS open_incidents ON incidents (event, subject) WHERE resolved_at IS NULL',
  `CREATE TABLE IF NOT EXISTS endpoints (id TEXT PRIMARY KEY, url TEXT NOT NULL, events TEXT NOT NULL, format TEXT NOT NULL,
     secret TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, endpoint_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT,
     body TEXT NOT NULL, created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, attempts INTEGER NOT NULL, next_at INTEGER,
     state TEXT NOT NULL, last_status INTEGER, last_error TEXT, last_at INTEGER) WITHOUT ROWID`,
  'CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (created_at, id)',
  'CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL',
];

function incidentOf(row: Row): Incident {
  return {
    id: String(row.id),
    event: row.event as AlertEvent,
    subject: String(row.subject),
    facts: JSON.parse(String(row.facts)) as AlertFacts,
    openedAtMs: Number(row.opened_at),
    seenAtMs: Number(row.seen_at),
    resolvedAtMs: row.resolved_at === null ? null : Number(row.resolved_at),
  };
}

function endpointOf(row: Row): StoredEndpoint {
  return {
    id: String(row.id),
    url: String(row.url),
    events: JSON.parse(String(row.events)),
    format: row.format as StoredEndpoint['format'],
    secret: JSON.parse(String(row.secret)) as Sealed,
    createdAtMs: Number(row.created_at),
  };
}

function deliveryOf(row: Row): Delivery {
  return {
    id: String(row.id),
    endpointId: String(row.endpoint_id),
    type: row.type as Delivery['type'],
    status: row.status as AlertStatus | null,
    body: String(row.body),
    createdAtMs: Number(row.created_at),
    expiresAtMs: Number(row.expires_at),
    attempts: Number(row.attempts),
    nextAtMs: row.next_at as number | null,
    state: row.state as Delivery['state'],
    lastStatus: row.last_status as number | null,
    lastError: row.last_error as string | null,
    lastAtMs: row.last_at as number | null,
  };
}

/** An alert does not wait longer for names: the database may be what it is about. */
const nameWaitMs = 2_000;

const nameQueries = {
  token: 'SELECT name FROM tokens WHERE id = ?',
  channel: 'SELECT name FROM channels WHERE id = ?',
  account: 'SELECT name FROM accounts WHERE id = ?',
} as const;

/**
 * Returns the facts with the names of their ids in D1, as far as they are known in time. Never rejects: an alert without names is
 * better than none.
 */
export async function withNames(facts: AlertFacts, db: D1Database): Promise<AlertFacts> {
  const found = Object.entries(nameQueries).map(async ([kind, query]) => {
    const id = facts[`${kind}_id`];
    if (typeof id !== 'string') return {};
    const row = await db.prepare(query).bind(id).first<{ name: string }>();
    return row === null ? {} : { [`${kind}_name`]: row.name };
  });
  const names = await withTimer(
    Promise.all(found).catch(() => null),
    nameWaitMs,
  );
  return Object.assign({}, facts, ...(names ?? []));
}
