// What every page gets: the signed-in person, and the management API in their name. Pages access data only through
// that API, so that the limits of a role apply to both.

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
  /** The currently enabled channels, including those of the environment and the demo. */
  liveChannels: () => Promise<readonly LiveChannel[]>;
  /** Returns which of the models a channel serves without a price. */
  unpricedModels: (models: readonly string[]) => Promise<string[]>;
  /** Whether /pricing is served. */
  hasPublicPricing: boolean;
  /** Calls a model endpoint, as if from outside. */
  callModel: (request: Request) => Promise<Response>;
  /** Returns what the deployment lacks, each with its remedy. */
  setupProblems: () => Promise<SetupProblem[]>;
  /** How people sign in besides passwords and passkeys. */
  signIn: { github: GithubApp | null; access: AccessApplication | null };
}

export interface PageEnv {
  Variables: { principal: Principal; api: Api; services: PageServices };
}

export type PageContext = Context<PageEnv>;

/** An answer of the management API. `problem`: the message, and the errors of fields. */
export type ApiAnswer<T> =
  | { ok: true; value: T }
  | { ok: false; status: number; detail: string; errors: Record<string, string> };

export type Api = <T>(method: string, path: string, body?: unknown) => Promise<ApiAnswer<T>>;

/** A form's values by field name, as submitted. */
export type Values = Readonly<Record<string, string | string[] | undefined>>;

/** The management API in somebody's name. Built once per request. */
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

/** `limits.rpm`, `models.3`, and `model_map.NAME` are shown beside their form field. */
function errorsOf(errors: { field: string; message: string }[] = []): Record<string, string> {
  return Object.fromEntries(
    errors.map(({ field, message }) => {
      const mapped = /^model_map\.(.*)$/s.exec(field)?.[1];
      if (mapped !== undefined) return ['model_map', `${mapped}: ${message}`];
      return [field.replace(/^limits\./, '').replace(/\.\d+$/, ''), message];
    }),
  );
}

/** A page that ends the request; thrown, so that routes read straight on. */
export class PageProblem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.name = 'PageProblem';
    this.status = status;
  }
}

/** Returns the value, or throws the error page. */
export async function need<T>(answer: Promise<ApiAnswer<T>>): Promise<T> {
  const settled = await answer;
  if (settled.ok) return settled.value;
  throw new PageProblem(settled.status, settled.detail);
}

/**
 * Returns a whole list, page by page, for lists with at most a few hundred entries. `path` has no query. Throws
 * the error page.
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

/** Returns the fields of a posted form without files, which no form here has. Throws the error page. */
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
    // The runtime's error for a body that is not a form. Other errors are reported where they occur.
    if (error instanceof TypeError) throw new PageProblem(400, messages().errors.noForm);
    throw error;
  }
}

export function textOf(values: Values, name: string): string {
  const value = values[name];
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** Returns the lines of a text area, or the ticked check boxes. */
export function listOf(values: Values, name: string): string[] {
  const value = values[name] ?? [];
  const all = Array.isArray(value) ? value : value.split(/\r?\n|,/);
  return all.map((line) => line.trim()).filter((line) => line !== '');
}

export type { Child };

/** Returns every served name, for pickers. */
export async function servedModels({ directory }: PageServices): Promise<string[]> {
  return directory.names();
}
