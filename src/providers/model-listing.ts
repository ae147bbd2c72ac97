// How each kind of upstream lists its models: the address, and how to read a page. Pure; routing/model-lists.ts
// makes the calls.
import { isObject } from '../formats/json-reader.ts';
import type { ChannelSettings } from './channel-settings.ts';
import { withVersion } from './version-prefix.ts';

/** A page of an upstream's list. */
export interface ListedPage {
  names: string[];
  /** Null: it was the last page. */
  next: string | null;
}

export interface ModelListing {
  /** `after`: the `next` of the page before; null for the first. */
  url(target: ListingTarget, after: string | null): string;
  /** `after` as in its address. */
  read(body: unknown, after: string | null): ListedPage;
}

/** OpenAI's list: one page. Source: OpenAI's OpenAPI file. */
export const openaiListing: ModelListing = {
  url: ({ baseUrl }) => `${withVersion(baseUrl)}/models`,
  read: (body) => ({ names: textsAt(body, 'data', 'id'), next: null }),
};

/** Azure's list: OpenAI's, with an `api-version` where the address has one. It lists models, not deployments. */
export const azureListing: ModelListing = {
  url: ({ baseUrl }) => {
    const { origin, pathname, search } = new URL(baseUrl);
    const root = `${origin}${pathname.replace(/(\/openai(\/v1)?)?\/?$/, '')}/openai`;
    return search === '' ? `${root}/v1/models` : `${root}/models${search}`;
  },
  read: openaiListing.read,
};

/** Source: Anthropic's API reference, List Models. */
export const anthropicListing: ModelListing = {
  url: ({ baseUrl }, after) => {
    const query = after === null ? '' : `&after_id=${encodeURIComponent(after)}`;
    return `${baseUrl.replace(/\/v1$/, '')}/v1/models?limit=1000${query}`;
  },
  read: (body) => ({
    names: textsAt(body, 'data', 'id'),
    next: isObject(body) && body.has_more === true ? textOf(body.last_id) : null,
  }),
};

/** Source: Google's discovery document, models.list. */
export const geminiListing: ModelListing = {
  url: ({ baseUrl }, after) => {
    const query = after === null ? '' : `&pageToken=${encodeURIComponent(after)}`;
    return `${baseUrl.replace(/\/v1(beta)?$/, '')}/v1beta/models?pageSize=1000${query}`;
  },
  read: (body) => ({
    names: textsAt(body, 'models', 'name').map((name) => name.replace(/^models\//, '')),
    next: isObject(body) ? textOf(body.nextPageToken) : null,
  }),
};

/** https://docs.cohere.com/v1/reference/list-models (2026-11): v1 only; pages of 1,000 at most. */
export const cohereListing: ModelListing = {
  url: ({ baseUrl }, after) => {
    const query = after === null ? '' : `&page_token=${encodeURIComponent(after)}`;
    return `${baseUrl.replace(/\/v[12]$/, '')}/v1/models?page_size=1000${query}`;
  },
  read: (body) => ({
    names: textsAt(body, 'models', 'name'),
    next: isObject(body) ? textOf(body.next_page_token) : null,
  }),
};

/** Returns a member of each row of a list. Throws if the body has no such list. */
export function textsAt(body: unknown, list: string, member: string): string[] {
  const rows = isObject(body) ? body[list] : null;
  if (!Array.isArray(rows)) throw new Error(`the upstream's list of models has no \`${list}\``);
  return rows.map((row) => (isObject(row) ? row[member] : null)).filter((name) => typeof name === 'string');
}

/** Returns the text unless it is empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The address of an upstream and of its list of models. */
export interface ListingTarget {
  /** Without a trailing slash. '' where the provider makes the address from the settings. */
  baseUrl: string;
  settings: ChannelSettings;
  /** The key: some contain more than a secret (Vertex's names a project). Null: the channel has no key. */
  key: string | null;
}
