// The deployment's alerts: a Durable Object that keeps incidents and endpoints, and delivers each beginning and end of an incident by its
// alarm, until the endpoint takes it or a day has passed. Nothing here needs D1: an incident may be that D1 is away.

import { DurableObject } from 'cloudflare:workers';
import { Buffer } from 'node:buffer';
import { readConfig } from '../config.ts';
import type { Env } from '../env.ts';
import { base62 } from '../lib/base62.ts';
import { resealed, unsealWithAny } from '../lib/encryption-keys.ts';
import { logError } from '../lib/log.ts';
import { RelayError } from '../lib/relay-error.ts';
import { seal } from '../lib/seal.ts';
import type { AlertSignal, AlertStatus, Incident } from './alert-event.ts';
import { AlertStore, withNames } from './alert-store.ts';
import {
  type AlertsRpc,
  alertLimits,
  type Delivery,
  type DeliveryQuery,
  type Endpoint,
  type EndpointEdit,
  type StoredEndpoint,
} from './alerts.ts';
import type { AttemptResult, WebhookNetwork } from './deliver.ts';
import { alertBody, testBody } from './webhook-body.ts';

export class AlertDispatcher extends DurableObject<Env> implements AlertsRpc {
  private opened: AlertStore | null = null;

  /** The tables are made when they are first used. */
  private get store(): AlertStore {
    this.opened ??= new AlertStore(this.ctx.storage.sql);
    return this.opened;
  }

  async report(signals: AlertSignal[]): Promise<void> {
    for (const signal of signals) {
      if (signal.status === 'opened') await this.openOrSee(signal);
      else this.resolve(signal);
    }
    await this.schedule();
  }

  private async openOrSee(signal: AlertSignal): Promise<void> {
    const { event, subject, reporter } = signal;
    const isNew = this.store.openIncident(event, subject) === null;
    const facts = isNew ? await withNames(signal.facts, this.env.DB) : signal.facts;
    const nowMs = Date.now();
    // While the names were read, another report may have opened it.
    const incident = this.store.openIncident(event, subject);
    if (incident !== null) return this.store.see(incident, reporter, nowMs);
    if (this.store.countOpen() >= alertLimits.openIncidents) return logError('too-many-incidents', { event });
    this.announce(this.store.open({ ...signal, facts }, newId('inc'), nowMs), 'opened', nowMs);
  }

  private resolve({ event, subject, reporter }: AlertSignal): void {
    const nowMs = Date.now();
    const incident = this.store.openIncident(event, subject);
    if (incident === null || !this.store.withdraw(incident, reporter, nowMs)) return;
    this.announce(this.store.resolve(incident, nowMs), 'resolved', nowMs);
  }

  /** Queues a delivery for each endpoint that wants the event. */
  private announce(incident: Incident, status: AlertStatus, nowMs: number): void {
    for (const { id, events, format } of this.store.endpoints()) {
      if (events.length > 0 && !events.includes(incident.event)) continue;
      const body = alertBody(incident, status, format);
      this.store.putDelivery({ ...newDelivery(id, body, nowMs), type: incident.event, status });
    }
    this.store.prune(nowMs);
  }

  async openIncidents(): Promise<Incident[]> {
    return this.store.openIncidents();
  }

  async endpoints(): Promise<Endpoint[]> {
    return this.store.endpoints().map(withoutSecret);
  }

  async createEndpoint(
    fields: Required<EndpointEdit>,
  ): Promise<{ endpoint: Endpoint; secret: string } | null> {
    const { encryptionKey } = readConfig(this.env);
    if (encryptionKey === null) throw new RelayError('service_unavailable', 'ENCRYPTION_KEY is not set.');
    const secret = newWebhookSecret();
    const sealed = await seal(secret, encryptionKey);
    if (this.store.endpoints().length >= alertLimits.endpoints) return null;
    const endpoint = edited(
      { id: newId('wh'), ...noFields, secret: sealed, createdAtMs: Date.now() },
      fields,
    );
    this.store.putEndpoint(endpoint);
    return { endpoint: withoutSecret(endpoint), secret };
  }

  async updateEndpoint(id: string, edit: EndpointEdit): Promise<Endpoint | null> {
    const before = this.store.endpoint(id);
    if (before === null) return null;
    const endpoint = edited(before, edit);
    this.store.putEndpoint(endpoint);
    return withoutSecret(endpoint);
  }

  async deleteEndpoint(id: string): Promise<boolean> {
    const isKnown = this.store.endpoint(id) !== null;
    this.store.deleteEndpoint(id);
    return isKnown;
  }

  async testEndpoint(id: string): Promise<Delivery | null> {
    const endpoint = this.store.endpoint(id);
    if (endpoint === null) return null;
    const nowMs = Date.now();
    const delivery = newDelivery(id, testBody(endpoint.format, nowMs), nowMs);
    // A test is not repeated: its reader waits for it.
    return this.attempt({ ...delivery, expiresAtMs: nowMs, nextAtMs: null });
  }

  async deliveries({ endpointId, after, limit }: DeliveryQuery): Promise<Delivery[]> {
    return this.store.deliveries(endpointId, after, limit);
  }

  async resend(deliveryId: string): Promise<Delivery | null> {
    const delivery = this.store.delivery(deliveryId);
    if (delivery === null) return null;
    const nowMs = Date.now();
    const expiresAtMs = nowMs + alertLimits.retriedMs;
    const again: Delivery = { ...delivery, state: 'pending', attempts: 0, nextAtMs: nowMs, expiresAtMs };
    this.store.putDelivery(again);
    await this.schedule();
    return again;
  }

  async reseal(): Promise<{ resealed: number; locked: number }> {
    const { encryptionKeys } = readConfig(this.env);
    const count = { resealed: 0, locked: 0 };
    for (const endpoint of this.store.endpoints()) {
      const outcome = await resealed(endpoint.secret, encryptionKeys);
      if (outcome.outcome === 'locked') count.locked += 1;
      if (outcome.outcome !== 'resealed') continue;
      this.store.putEndpoint({ ...endpoint, secret: outcome.sealed });
      count.resealed += 1;
    }
    return count;
  }

  async wake(): Promise<void> {
    this.store.prune(Date.now());
    await this.schedule();
  }

  /** Sends what is due, some at a time, until nothing is. */
  override async alarm(): Promise<void> {
    for (;;) {
      const due = this.store.due(Date.now(), alertLimits.atOnce);
      if (due.length === 0) break;
      await Promise.all(due.map((delivery) => this.attempt(delivery)));
    }
    await this.schedule();
  }

  private async schedule(): Promise<void> {
    const nextMs = this.store.nextDueMs();
    if (nextMs !== null) await this.ctx.storage.setAlarm(Math.max(nextMs, Date.now()));
  }

  /** Makes one attempt and records it, with the time of the next. */
  private async attempt(delivery: Delivery): Promise<Delivery> {
    const endpoint = this.store.endpoint(delivery.endpointId);
    const result = endpoint === null ? gone : await this.send(delivery, endpoint);
    const after = afterAttempt(delivery, result, Date.now());
    // A deleted endpoint has no deliveries.
    if (this.store.endpoint(delivery.endpointId) !== null) this.store.putDelivery(after);
    return after;
  }

  private async send(
    { id, body }: Delivery,
    { url, secret: sealed }: StoredEndpoint,
  ): Promise<AttemptResult> {
    const { deliver } = await import('./deliver.ts');
    try {
      const secret = await unsealWithAny(sealed, readConfig(this.env).encryptionKeys);
      return await deliver({ id, url, body, secret }, networkOf(this.env), new Date());
    } catch (error) {
      logError('webhook-not-sent', { id, error });
      return {
        isDelivered: false,
        status: null,
        error: 'The secret cannot be decrypted with this ENCRYPTION_KEY.',
      };
    }
  }
}

const noFields = { url: '', events: [], format: 'json' } as const;

const gone: AttemptResult = { isDelivered: false, status: null, error: 'The endpoint was deleted.' };

/** On the local host, PUBLIC_NETWORK refuses names of private addresses when it connects; on the edge, Cloudflare's network does. */
function networkOf({ PUBLIC_NETWORK: network, ALLOW_PRIVATE_WEBHOOKS: allow }: Env): WebhookNetwork {
  const isPrivateAllowed = allow === '1';
  const isBound = network !== undefined && !isPrivateAllowed;
  return { isPrivateAllowed, send: (url, init) => (isBound ? network.fetch(url, init) : fetch(url, init)) };
}

function newDelivery(endpointId: string, body: string, nowMs: number): Delivery {
  return {
    id: newId('msg'),
    endpointId,
    type: 'test',
    status: null,
    body,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + alertLimits.retriedMs,
    attempts: 0,
    nextAtMs: nowMs,
    state: 'pending',
    lastStatus: null,
    lastError: null,
    lastAtMs: null,
  };
}

/** Returns a delivery after an attempt. Pauses double; after a day it has failed. */
function afterAttempt(
  delivery: Delivery,
  { isDelivered, status, error }: AttemptResult,
  nowMs: number,
): Delivery {
  const attempts = delivery.attempts + 1;
  const last = { attempts, lastStatus: status, lastError: error, lastAtMs: nowMs };
  if (isDelivered) return { ...delivery, ...last, state: 'delivered', nextAtMs: null };
  const pauseMs = Math.min(alertLimits.firstPauseMs * 2 ** (attempts - 1), alertLimits.longestPauseMs);
  const isOver = nowMs + pauseMs > delivery.expiresAtMs;
  return {
    ...delivery,
    ...last,
    state: isOver ? 'failed' : 'pending',
    nextAtMs: isOver ? null : nowMs + pauseMs,
  };
}

function edited(before: StoredEndpoint, { url, events, format }: EndpointEdit): StoredEndpoint {
  return {
    ...before,
    ...(url !== undefined && { url }),
    ...(events !== undefined && { events: [...events] }),
    ...(format !== undefined && { format }),
  };
}

function withoutSecret({ secret: _, ...endpoint }: StoredEndpoint): Endpoint {
  return endpoint;
}

const idLength = 22;

/** Returns a new id: `inc_…`, `wh_…`, `msg_…`. */
function newId(prefix: string): string {
  return `${prefix}_${base62(crypto.getRandomValues(new Uint8Array(16)), idLength)}`;
}

/** Returns a secret as Standard Webhooks writes it: `whsec_` and 32 random bytes in base64. */
function newWebhookSecret(): string {
  return `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64')}`;
}
