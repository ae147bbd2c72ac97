// Google Vertex AI: Gemini and Claude, each in its own format, for a project and a location.
// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference,
// …/partner-models/claude/use-claude and https://platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai
// (2026-11). The addresses of locations and of counting come from the Vertex SDK,
// packages/vertex-sdk/src/client.ts of https://github.com/anthropics/anthropic-sdk-typescript.
import { writeErrorBody } from '../formats/anthropic-messages/errors.ts';
import type { OperationId } from '../formats/format-id.ts';
import { isObject } from '../formats/json-reader.ts';
import { readUpstreamError } from '../formats/upstream-error.ts';
import type { JsonObject } from '../lib/json.ts';
import {
  namesOfBetas,
  takeBetas,
  withoutBilling,
  withoutMembers,
  withoutOwnCaching,
  withVersionInBody,
} from './claude-elsewhere.ts';
import { geminiVerbs, nameInPath } from './gemini.ts';
import type { ListingTarget } from './model-listing.ts';
import { type ListedPage, textOf, textsAt } from './model-listing.ts';
import type { AdaptedBody, Provider, UpstreamRequest, UpstreamTarget } from './provider.ts';
import { readServiceAccount } from './service-account.ts';
import { authorizeByAccount, forgetToken } from './vertex-token.ts';

const claudeOperations = new Set<OperationId>(['messages', 'messages-count-tokens']);
const geminiOperations = new Set<OperationId>([
  'generate-content',
  'stream-generate-content',
  'count-tokens',
]);

export const vertex: Provider = {
  defaultBaseUrl: null,
  operations: (_address, model) => (isClaude(model) ? claudeOperations : geminiOperations),
  talks: (model) => (isClaude(model) ? 'anthropic-messages' : 'gemini-generate'),
  embeds: null,
  models: { url: listUrl, read: readList },
  url: (target) =>
    isClaude(target.model)
      ? `${modelsUrl(target, 'anthropic')}/${claudeVerb(target)}`
      : `${modelsUrl(target, 'google')}/${bareName(target.model)}:${geminiVerbs[target.operation]}${target.search}`,
  adapt: (text, headers, target) =>
    isClaude(target.model)
      ? adaptClaude(text, headers, target)
      : { text: forVertexGemini(text), dropped: [] },
  authorize: (request, key, _settings, runOn) => {
    const account = readServiceAccount(key);
    if (account !== null) return authorizeByAccount(request, account, runOn);
    authorizeByApiKey(request, key);
  },
  read: readAnswer,
};

/** Converts Google's own errors among Claude's (a quota, a permission) to Anthropic's shape. */
function readAnswer(response: Response, { key, model }: UpstreamTarget): Response | Promise<Response> {
  const account = key === null ? null : readServiceAccount(key);
  if (response.status === 401 && account !== null) forgetToken(account);
  return response.status >= 400 && isClaude(model) ? inAnthropicShape(response) : response;
}

async function inAnthropicShape(response: Response): Promise<Response> {
  const { status } = response;
  const text = await response.text().catch(() => '');
  const headers = new Headers(response.headers);
  headers.delete('content-length');
  if (/^\s*\{\s*"type"\s*:\s*"error"/.test(text)) return new Response(text, { status, headers });
  headers.set('content-type', 'application/json');
  const body = writeErrorBody(readUpstreamError(status, text));
  return new Response(JSON.stringify(body), { status, headers });
}

function isClaude(model: string): boolean {
  return model.includes('claude');
}

/** Operators may name a model by its path. Any other name is used whole, so that it cannot contain another path. */
function bareName(model: string): string {
  return nameInPath(model.replace(pathBefore, ''));
}

const pathBefore =
  /^(projects\/[^/]+\/locations\/[^/]+\/)?(publishers\/)?(google|anthropic)\/(models\/)?|^models\//;

function claudeVerb({ operation, model, streams }: UpstreamTarget): string {
  if (operation === 'messages-count-tokens') return 'count-tokens:rawPredict';
  return `${bareName(model)}:${streams ? 'streamRawPredict' : 'rawPredict'}`;
}

/** Counting keeps the model's name in the body, because its path has none. Betas stay in their header. */
function adaptClaude(text: string, headers: Headers, { operation }: UpstreamTarget): AdaptedBody {
  headers.delete('anthropic-version');
  const asked = takeBetas(headers);
  const known = asked.filter((beta) => beta !== refusedBeta);
  if (known.length > 0) headers.set('anthropic-beta', known.join(','));
  const plain = withoutOwnCaching(withoutBilling(text));
  const bare = operation === 'messages-count-tokens' ? plain.text : withoutMembers(plain.text, ['model']);
  return {
    text: withVersionInBody(bare, 'vertex-2023-10-16'),
    dropped: [...plain.dropped, ...namesOfBetas(asked.filter((beta) => beta === refusedBeta))],
  };
}

/** https://github.com/maximhq/bifrost/pull/1558 (2026-02). */
const refusedBeta = 'prompt-caching-scope-2026-01-05';

/**
 * Returns the path of a publisher's models. An API key without a project is express mode, whose paths have
 * neither project nor location:
 * https://cloud.google.com/vertex-ai/generative-ai/docs/start/express-mode/vertex-ai-express-mode-api-reference
 * (2026-11).
 */
function modelsUrl(target: ListingTarget, publisher: string): string {
  const { settings, key } = target;
  const project = settings.project ?? (key === null ? null : readServiceAccount(key)?.projectId) ?? null;
  const { location = 'global' } = settings;
  const within = project === null ? '' : `/projects/${project}/locations/${location}`;
  return `${rootUrl(target)}/v1${within}/publishers/${publisher}/models`;
}

function rootUrl({ baseUrl, settings: { location = 'global' } }: ListingTarget): string {
  if (baseUrl !== '') return baseUrl.replace(/\/v1(beta1)?$/, '');
  if (location === 'global') return 'https://aiplatform.googleapis.com';
  if (location === 'us' || location === 'eu') return `https://aiplatform.${location}.rep.googleapis.com`;
  return `https://${location}-aiplatform.googleapis.com`;
}

/** The header and `?key=` are both documented; logs of addresses do not show the header. */
function authorizeByApiKey({ headers }: UpstreamRequest, key: string): void {
  headers.set('x-goog-api-key', key);
}

/**
 * Model Garden's list (publishers.models.list, v1beta1), one publisher after the other, as @google/genai 3.1
 * reads it.
 */
function listUrl(target: ListingTarget, after: string | null): string {
  const [publisher = publishers[0], token = ''] = (after ?? '').split(' ').filter((part) => part !== '');
  const query = token === '' ? '' : `&pageToken=${encodeURIComponent(token)}`;
  return `${rootUrl(target)}/v1beta1/publishers/${publisher}/models?pageSize=100${query}`;
}

const publishers = ['google', 'anthropic'] as const;

function readList(body: unknown, after: string | null): ListedPage {
  const publisher = publishers.find((name) => after?.startsWith(name)) ?? publishers[0];
  const token = isObject(body) ? textOf(body.nextPageToken) : null;
  const isListed = isObject(body) && body.publisherModels !== undefined;
  return {
    names: isListed ? textsAt(body, 'publisherModels', 'name').map(bareName) : [],
    next: token === null ? (publishers[publishers.indexOf(publisher) + 1] ?? null) : `${publisher} ${token}`,
  };
}

/**
 * Removes the ids of calls and of their results, which are unknown there (400 `Unknown name "id" at
 * 'contents[1].parts[0].function_call'`): https://github.com/BerriAI/litellm/pull/28324 (2026-05) and
 * https://github.com/mlflow/mlflow/issues/24127 (2026-06); calls are matched by name and order. Adds the role of
 * every content (400 `Please use a valid role: user, model.`), where Gemini's own API assumes the user's. A body
 * without such fields is not changed.
 */
function forVertexGemini(text: string): string {
  if (!calls.test(text) && text.includes('"role"')) return text;
  const body = JSON.parse(text) as JsonObject;
  if (!Array.isArray(body.contents)) return text;
  return JSON.stringify({ ...body, contents: body.contents.map(contentOf) });
}

const calls = /"function(?:Call|Response|_call|_response)"/;

function contentOf(content: unknown): unknown {
  if (!isObject(content)) return content;
  const parts = Array.isArray(content.parts) ? { parts: content.parts.map(partOf) } : {};
  return { ...content, role: content.role ?? 'user', ...parts };
}

const idHolders = ['functionCall', 'functionResponse', 'function_call', 'function_response'];

function partOf(part: unknown): unknown {
  if (!isObject(part)) return part;
  const holder = idHolders.find((name) => isObject(part[name]));
  if (holder === undefined) return part;
  const { id: _, ...rest } = part[holder] as JsonObject;
  return { ...part, [holder]: rest };
}
