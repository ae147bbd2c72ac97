// The events that operators learn of, and the signals by which ledgers, the health registry, and the hourly work report them.

/** Every event. `account.balance_low` is reserved: nothing raises it yet. */
export const alertEvents = [
  'token.quota_low',
  'account.budget_low',
  'account.balance_low',
  'channel.down',
  'channel.key_rejected',
  'model.unpriced',
  'model.retiring',
  'model.substituted',
  'log.delivery_stalled',
] as const;

export type AlertEvent = (typeof alertEvents)[number];

/** Whether an incident begins or ends. */
export type AlertStatus = 'opened' | 'resolved';

/** What is known about an incident: ids, names, and figures. No key, address, or text of a request. */
export type AlertFacts = Readonly<Record<string, string | number | null>>;

/** A report that something has begun or ended. Repeated reports of an incident count once. */
export interface AlertSignal {
  event: AlertEvent;
  /** What it is about; with the event, it names the incident. */
  subject: string;
  status: AlertStatus;
  /** Who reports it, where several may: the incident ends when the last of them reports its end. */
  reporter?: string;
  facts: AlertFacts;
}

/** An incident from its first report to its end. */
export interface Incident {
  id: string;
  event: AlertEvent;
  subject: string;
  facts: AlertFacts;
  openedAtMs: number;
  /** The last report that it still lasts. */
  seenAtMs: number;
  resolvedAtMs: number | null;
}
