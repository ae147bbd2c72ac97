// Webhook endpoints and their deliveries as the management API writes them. Pure.
import { z } from '@hono/zod-openapi';
import { alertEvents, type Incident } from '../../alerts/alert-event.ts';
import { alertText } from '../../alerts/alert-text.ts';
import type { Delivery, Endpoint } from '../../alerts/alerts.ts';
import { webhookFormats } from '../../alerts/webhook-body.ts';
import { isoOf, isoTime } from './values.ts';

const urlCharacters = 2_000;

const url = z.string().trim().min(1, 'must not be empty').max(urlCharacters).openapi({
  description: 'A public https address. Redirects are not followed.',
});
const events = z
  .array(z.enum(alertEvents))
  .transform((names) => [...new Set(names)])
  .openapi({ description: 'Empty: every event.' });
const format = z.enum(webhookFormats).openapi({
  description: '`json`: Standard Webhooks; `slack` and `discord`: a message for their incoming webhooks.',
});

export const newEndpoint = z
  .strictObject({ url, events: events.default([]), format: format.default('json') })
  .openapi('NewWebhookEndpoint');

export const endpointEdit = z
  .strictObject({ url: url.optional(), events: events.optional(), format: format.optional() })
  .openapi('WebhookEndpointEdit');

export const endpoint = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(alertEvents)),
    format,
    created_at: isoTime,
  })
  .openapi('WebhookEndpoint');
export type EndpointView = z.infer<typeof endpoint>;

export const endpointWithSecret = endpoint
  .extend({
    secret: z
      .string()
      .openapi({ description: 'Verifies signatures (Standard Webhooks). It is shown only here.' }),
  })
  .openapi('WebhookEndpointWithSecret');

export const delivery = z
  .object({
    id: z.string().openapi({ description: 'The `webhook-id`, the same in every attempt.' }),
    endpoint_id: z.string(),
    type: z.enum([...alertEvents, 'test']),
    status: z
      .enum(['opened', 'resolved'])
      .nullable()
      .openapi({ description: 'Of the incident; null for a test.' }),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int(),
    last_status: z
      .int()
      .nullable()
      .openapi({ description: 'HTTP status of the last attempt; null: no answer.' }),
    last_error: z.string().nullable(),
    last_attempt_at: isoTime.nullable(),
    next_attempt_at: isoTime.nullable(),
    created_at: isoTime,
    body: z.string(),
  })
  .openapi('WebhookDelivery');
export type DeliveryView = z.infer<typeof delivery>;

export const incident = z
  .object({
    id: z.string(),
    event: z.enum(alertEvents),
    message: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
    opened_at: isoTime,
  })
  .openapi('Incident');
export type IncidentView = z.infer<typeof incident>;

export function endpointView({ id, url, events, format, createdAtMs }: Endpoint): EndpointView {
  return { id, url, events: [...events], format, created_at: isoOf(createdAtMs) };
}

export function deliveryView(delivered: Delivery): DeliveryView {
  const { id, endpointId, type, status, state, attempts, body } = delivered;
  return {
    id,
    endpoint_id: endpointId,
    type,
    status,
    state,
    attempts,
    last_status: delivered.lastStatus,
    last_error: delivered.lastError,
    last_attempt_at: isoOf(delivered.lastAtMs),
    next_attempt_at: isoOf(delivered.nextAtMs),
    created_at: isoOf(delivered.createdAtMs),
    body,
  };
}

export function incidentView({ id, event, facts, openedAtMs }: Incident): IncidentView {
  const message = alertText(event, 'opened', facts);
  return { id, event, message, facts: { ...facts }, opened_at: isoOf(openedAtMs) };
}
