// The body of a webhook in each format. `json` follows Standard Webhooks
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, 2026-12); `slack` and `discord` are the bodies of
// their incoming webhooks (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks,
// https://docs.discord.com/developers/resources/webhook#execute-webhook, 2026-12). Pure.
import type { AlertEvent, AlertStatus, Incident } from './alert-event.ts';
import { alertText } from './alert-text.ts';

export const webhookFormats = ['json', 'slack', 'discord'] as const;

export type WebhookFormat = (typeof webhookFormats)[number];

/** What a delivery is about. `test`: the operator tries an endpoint. */
export type WebhookType = AlertEvent | 'test';

/** Discord refuses longer messages. Slack takes 40,000 characters. */
const mostCharacters = 2_000;

/** Returns the body for one end of an incident. */
export function alertBody(incident: Incident, status: AlertStatus, format: WebhookFormat): string {
  const { id, event, facts, openedAtMs, resolvedAtMs } = incident;
  const message = alertText(event, status, facts);
  if (format !== 'json') return chatBody(`${status === 'opened' ? '🔴' : '🟢'} ${message}`, format);
  const atMs = status === 'opened' ? openedAtMs : (resolvedAtMs ?? openedAtMs);
  const opened_at = new Date(openedAtMs).toISOString();
  const data = { ...facts, status, incident_id: id, message, opened_at };
  return JSON.stringify({ type: event, timestamp: new Date(atMs).toISOString(), data });
}

/** Returns the body of a test. */
export function testBody(format: WebhookFormat, nowMs: number): string {
  const message = 'This is a test of this webhook. No incident has happened.';
  if (format !== 'json') return chatBody(message, format);
  return JSON.stringify({ type: 'test', timestamp: new Date(nowMs).toISOString(), data: { message } });
}

function chatBody(message: string, format: Exclude<WebhookFormat, 'json'>): string {
  const text = message.slice(0, mostCharacters);
  if (format === 'discord') return JSON.stringify({ content: text, allowed_mentions: { parse: [] } });
  return JSON.stringify({ text: text.replace(/[&<>]/g, (sign) => slackEscapes[sign] ?? sign) });
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping (2026-12). */
const slackEscapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
