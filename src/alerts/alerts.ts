// The port to the deployment's alerts. Implemented by dispatcher.ts (a Durable Object).
import type { Sealed } from '../lib/seal.ts';
import type { AlertEvent, AlertSignal, AlertStatus, Incident } from './alert-event.ts';
import type { WebhookFormat, WebhookType } from './webhook-body.ts';

/** Limits of alerts. */
export const alertLimits = {
  /** Webhook endpoints of a deployment. */
  endpoints: 20,
  /** Incidents that are open at a time. Further ones are not recorded until some end. */
  openIncidents: 1_000,
  /** Ledgers that an incident remembers as its reporters. */
  reporters: 1_000,
  /** Deliveries that are kept for each endpoint, and for how long. Ended incidents are kept as long. */
  deliveries: 1_000,
  keptMs: 30 * 86_400_000,
  /** A failed delivery is tried again for so long. */
  retriedMs: 86_400_000,
  /** The pause after the first failed attempt; doubled after each further one, up to the longest. */
  firstPauseMs: 5_000,
  longestPauseMs: 2 * 3_600_000,
  /** Deliveries that are under way at a time. */
  atOnce: 6,
} as const;

/** An address that alerts are sent to. */
export interface Endpoint {
  id: string;
  url: string;
  /** Empty: every event. */
  events: readonly AlertEvent[];
  format: WebhookFormat;
  createdAtMs: number;
}

export interface StoredEndpoint extends Endpoint {
  secret: Sealed;
}

/** A webhook on its way to an endpoint, or at its end. */
export interface Delivery {
  id: string;
  endpointId: string;
  type: WebhookType;
  /** Null for a test. */
  status: AlertStatus | null;
  body: string;
  createdAtMs: number;
  /** Failed attempts are not repeated after this. */
  expiresAtMs: number;
  attempts: number;
  /** When the next attempt is due. Null after the last one. */
  nextAtMs: number | null;
  state: 'pending' | 'delivered' | 'failed';
  /** The last attempt's status, error, and time. */
  lastStatus: number | null;
  lastError: string | null;
  lastAtMs: number | null;
}

export interface EndpointEdit {
  url?: string | undefined;
  events?: readonly AlertEvent[] | undefined;
  format?: WebhookFormat | undefined;
}

export interface DeliveryQuery {
  /** Null: of every endpoint. */
  endpointId: string | null;
  after: { createdAtMs: number; id: string } | null;
  limit: number;
}

/** The alerts over RPC. */
export interface AlertsRpc {
  /** Opens and resolves incidents, and sends each change to the endpoints. */
  report(signals: AlertSignal[]): Promise<void>;
  openIncidents(): Promise<Incident[]>;
  endpoints(): Promise<Endpoint[]>;
  /** Returns the endpoint and its secret, which is shown once. Null: there are too many. */
  createEndpoint(fields: Required<EndpointEdit>): Promise<{ endpoint: Endpoint; secret: string } | null>;
  /** Null: there is no such endpoint. */
  updateEndpoint(id: string, edit: EndpointEdit): Promise<Endpoint | null>;
  deleteEndpoint(id: string): Promise<boolean>;
  /** Sends a test at once, and returns how it ended. Null: there is no such endpoint. */
  testEndpoint(id: string): Promise<Delivery | null>;
  deliveries(query: DeliveryQuery): Promise<Delivery[]>;
  /** Sends a delivery again, soon. Null: there is no such delivery. */
  resend(deliveryId: string): Promise<Delivery | null>;
  /** Seals the secrets with the current key again. */
  reseal(): Promise<{ resealed: number; locked: number }>;
  /** Makes sure that waiting deliveries are sent, and drops old ones. */
  wake(): Promise<void>;
}

/**
 * Returns the deployment's alerts. They are an object of the class of the health registry (health-registry.ts says why). A missing binding fails
 * the calls only: the doctor reports it.
 */
export function alertsOf(namespace: DurableObjectNamespace): AlertsRpc {
  const stub = () => namespace.get(namespace.idFromName('alerts')) as unknown as AlertsRpc;
  return {
    report: async (signals) => stub().report(signals),
    openIncidents: async () => stub().openIncidents(),
    endpoints: async () => stub().endpoints(),
    createEndpoint: async (fields) => stub().createEndpoint(fields),
    updateEndpoint: async (id, edit) => stub().updateEndpoint(id, edit),
    deleteEndpoint: async (id) => stub().deleteEndpoint(id),
    testEndpoint: async (id) => stub().testEndpoint(id),
    deliveries: async (query) => stub().deliveries(query),
    resend: async (deliveryId) => stub().resend(deliveryId),
    reseal: async () => stub().reseal(),
    wake: async () => stub().wake(),
  };
}
