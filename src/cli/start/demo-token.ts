// The demo token: created once through the relay's own API, stored in .dev.vars, and created again only when the
// state no longer knows it.

import { isWellFormedSecret } from '../../tokens/secret.ts';
import { storeDevVars } from '../dev-vars.ts';
import { CommandFailure, describeError } from '../failure.ts';

export interface DemoTokenOrder {
  readonly url: string;
  readonly adminKey: string;
  readonly devVarsFile: string;
  readonly stored: string | null;
}

/** Returns the token to print. A disabled token stays: only its owner enables it again. */
export async function obtainDemoToken(order: DemoTokenOrder): Promise<string> {
  if (order.stored !== null && (await isKnown(order.url, order.stored))) return order.stored;
  const token = await mint(order);
  storeDevVars(order.devVarsFile, { DEMO_TOKEN: token });
  return token;
}

async function isKnown(url: string, token: string): Promise<boolean> {
  if (!isWellFormedSecret(token)) return false;
  const response = await fetch(new URL('/v1/models', url), { headers: { authorization: `Bearer ${token}` } });
  if (response.status !== 401) {
    await response.body?.cancel();
    return true;
  }
  return codeOf(await response.json().catch(() => null)) !== 'invalid_api_key';
}

async function mint({ url, adminKey }: DemoTokenOrder): Promise<string> {
  const response = await fetch(new URL('/api/tokens', url), {
    method: 'POST',
    headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'demo' }),
  }).catch((error: unknown) => {
    throw new CommandFailure(`the demo token could not be made: ${describeError(error)}`);
  });
  const answer: unknown = await response.json().catch(() => null);
  const token = memberOf(answer, 'token');
  if (response.status === 201 && typeof token === 'string') return token;
  const detail = memberOf(answer, 'detail') ?? memberOf(answer, 'title') ?? '';
  throw new CommandFailure(
    `the demo token could not be made: ${response.status} ${String(detail)}`.trimEnd(),
  );
}

function codeOf(answer: unknown): unknown {
  return memberOf(memberOf(answer, 'error'), 'code');
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
