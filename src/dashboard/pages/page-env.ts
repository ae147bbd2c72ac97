// What every page is given: who asks, and the management API in their name. Pages have no way to the data but that
// API, so that a role's bounds hold for both alike.

import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { AccessApplication, GithubApp } from '../../config.ts';
import type { LiveChannel } from '../../routing/catalog.ts';
import type { Principal } from '../accounts/account.ts';
import { managementLimits } from '../api/limits.ts';
import { managementApi } from '../api/management-api.ts';
import type { ManagementServices } from '../api/services.ts';
import { messages } from '../i18n/messages.ts';
import type { SetupProblem } from './setup-checks.ts';

/** What pages need besides the management API. */
export interface PageServices extends ManagementServices {
  /** Channels that serve at this moment, those of the environment and the demo included. */
  liveChannels: () => Promise<readonly LiveChannel[]>;
  /** Those of the models that a channel serves without a price. */
  unpricedModels: (models: readonly string[]) => Promise<string[]>;
  /** A call of a model endpoint, as if it came from outside. */
  callModel: (request: Request) => Promise<Response>;
  /** What the deployment lacks, each with how to mend it. */
  setupProblems: () => Promise<SetupProblem[]>;
  /** How people log in besides passwords and passkeys. */
  signIn: { github: GithubApp | null; access: AccessApplication | null };
}

export interface PageEnv {
  Variables: { principal: Principal; api: Api; services: PageServices };
}

export type PageContext = Context<PageEnv>;

/** One answer of the management API. `problem`: what to say, and beside which fields. */
export type ApiAnswer<T> =
  | { ok: true; value: T }
  | { ok: false; status: number; detail: string; errors: Record<string, string> };

export type Api = <T>(method: string, path: string, body?: unknown) => Promise<ApiAnswer<T>>;

/** A form's values by field name, as they were sent. */
export type Values = Readonly<Record<string, string | string[] | undefined>>;

/** The management API on behalf of somebody. Built once a request. */
export function apiFor(services: ManagementServices, principal: Principal): Api {
  const api = managementApi(services, principal);
  return async <T>(method: string, path: string, body?: unknown) => {
    const response = await api.request(`http://dashboard${path}`, {
      method,
      ...(body !== undefined && {
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const text = await response.text();
    const value = text === '' ? null : JSON.parse(text);
    if (response.ok) return { ok: true, value: value as T };
    return { ok: false, status: response.status, detail: value.detail, errors: errorsOf(value.errors) };
  };
}

/** `limits.rpm`, `models.3` and `model_map.NAME` are shown beside the field that they are entered in. */
function errorsOf(errors: { field: string; message: string }[] = []): Record<string, string> {
  return Object.fromEntries(
    errors.map(({ field, message }) => {
      const mapped = /^model_map\.(.*)$/s.exec(field)?.[1];
      if (mapped !== undefined) return ['model_map', `${mapped}: ${message}`];
      return [field.replace(/^limits\./, '').replace(/\.\d+$/, ''), message];
    }),
  );
}

/** A page that is answered whatever the API says: thrown, so that routes read straight on. */
export class PageProblem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'PageProblem';
    this.status = status;
  }
}

/** The value, or the error page. */
export async function need<T>(answer: Promise<ApiAnswer<T>>): Promise<T> {
  const settled = await answer;
  if (settled.ok) return settled.value;
  throw new PageProblem(settled.status, settled.detail);
}

/**
 * All of a list that a page needs whole, page by page: of those that have a few hundred entries at most. `path` has no
 * query. Or the error page.
 */
export async function needAll<Row>(api: Api, path: string): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor = '';
  do {
    const page = await need(
      api<{ data: Row[]; next_cursor: string | null }>(
        'GET',
        `${path}?limit=${managementLimits.pageRows}${cursor}`,
      ),
    );
    rows.push(...page.data);
    cursor = page.next_cursor === null ? '' : `&cursor=${encodeURIComponent(page.next_cursor)}`;
  } while (cursor !== '');
  return rows;
}

/** The fields of a posted form, its files left out: no form here has one. Or the error page. */
export async function formOf(context: PageContext): Promise<Values> {
  const fields = Object.entries(await parsedForm(context)).map(([name, value]) => {
    const texts = [value].flat().filter((one) => typeof one === 'string');
    return [name, texts.length > 1 ? texts : texts[0]] as const;
  });
  return Object.fromEntries(fields);
}

async function parsedForm(context: PageContext) {
  try {
    return await context.req.parseBody({ all: true });
  } catch (error) {
    // The runtime's word for a body that is no form; whatever else goes wrong is said by who knows it.
    if (error instanceof TypeError) throw new PageProblem(400, messages().errors.noForm);
    throw error;
  }
}

export function textOf(values: Values, name: string): string {
  const value = values[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** Of a text area: its lines. Of check boxes: those that are ticked. */
export function listOf(values: Values, name: string): string[] {
  const value = values[name] ?? [];
  const all = Array.isArray(value) ? value : value.split(/\r?\n|,/);
  return all.map((line) => line.trim()).filter((line) => line !== '');
}

export type { Child };

export async function servedModels({ liveChannels }: PageServices): Promise<string[]> {
  const channels = await liveChannels();
  const names = channels.flatMap(({ models, modelMap }) => [...models, ...Object.keys(modelMap)]);
  return [...new Set(names)].filter((name) => !name.includes('*')).sort();
}
