// The resources of the operator's account at a provider that a request names: files, stored conversations, containers,
// indexes, prompts, voices, buckets. They work only for the account that made them through the relay, or where the
// channel's operator shares them. One table for all formats: hosts of one format take over the fields of
// others, and a field that an upstream does not know costs nothing to check.
import type { JsonObject } from '../lib/json.ts';
import { RelayError } from '../lib/relay-error.ts';
import { isObject, objectAt, textAt } from './json-reader.ts';
import { type RequestMember, visitRequestMembers } from './request-members.ts';

/** One resource that a request names. */
export interface Reference {
  id: string;
  /** The upstream may do without it: refused only where another account is known to have made it. */
  isOptional: boolean;
}

/**
 * Members whose texts are ids, in snake case; camel case counts as the same (Google takes both). Each with its page, read
 * in 2026-11.
 */
const idMembers: readonly string[] = [
  // https://platform.openai.com/docs/api-reference/responses/create
  'previous_response_id',
  'file_id',
  'file_ids',
  'container_id',
  'vector_store_id',
  'vector_store_ids',
  // Secure MCP tunnels of the operator's organization: https://developers.openai.com/api/docs/guides/tools-connectors-mcp
  'tunnel_id',
  // https://docs.x.ai/docs/guides/using-collections
  'collection_id',
  'collection_ids',
  // https://docs.mistral.ai/agents/connectors/document_library
  'library_ids',
  // https://docs.z.ai/api-reference (retrieval)
  'knowledge_id',
  'knowledge_ids',
  // https://platform.claude.com/docs/en/api/beta/messages/create
  'user_profile_id',
  // https://ai.google.dev/api/caching, https://ai.google.dev/gemini-api/docs/file-search
  'cached_content',
  'file_search_store_names',
  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/Tool
  'rag_corpus',
  'rag_corpora',
  'rag_file_ids',
  'datastore',
  'datastores',
  'data_store',
  // … AuthConfig: whom the operator's project calls an API as, and with which of its secrets.
  'service_account',
  'api_key_secret',
  'api_key_secret_version',
  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference (modelArmorConfig)
  'prompt_template_name',
  'response_template_name',
];

const ids = new Set(idMembers.flatMap((name) => [name, camelCase(name)]));

/**
 * Members that hold an address. An address that is not on the web names a resource that the operator's account can
 * open.
 */
const location = /(?:ur[il]s?|image|video|audio|file|source)$/i;

/** Content of earlier answers, sent back: nothing in it is looked up again. */
const echoes = new Set(['results', 'outputs']);

/** Returns every resource once, in the order of the body. Empty for a body of an unexpected shape. Never throws. */
export function referencesIn(body: unknown): Reference[] {
  if (!isObject(body)) return [];
  const found = new Map<string, Reference>();
  visitRequestMembers(body, (member) => {
    for (const id of idsOf(member)) found.set(id, { id, isOptional: false });
    const stored = storedItem(member);
    if (stored !== null && !found.has(stored)) found.set(stored, { id: stored, isOptional: true });
  });
  return [...found.values()];
}

/** Whether an operator's list of shared resources has it: the id, a prefix of it (`vs_*`, `gs://bucket/`), or `*`. */
export function isShared(shared: readonly string[], id: string): boolean {
  return shared.some((entry) => {
    if (entry.endsWith('*')) return id.startsWith(entry.slice(0, -1));
    return entry === id || id.startsWith(entry.endsWith('/') ? entry : `${entry}/`);
  });
}

/** Returns the refusal of a resource that the caller's account did not make and no channel shares. */
export function resourceNotFound(id: string): RelayError {
  const shown = id.length > 200 ? `${id.slice(0, 200)}…` : id;
  return new RelayError(
    'resource_not_found',
    `\`${shown}\` was not found. It may belong to another account.`,
  );
}

function idsOf(member: RequestMember): string[] {
  const { key, value, path } = member;
  if (path.some((step) => echoes.has(String(step))) || isEcho(member)) return [];
  if (ids.has(key)) return textsOf(value);
  const special = specialMembers.get(key);
  if (special !== undefined) return special(member).filter((id) => id !== undefined);
  return location.test(key) ? textsOf(value).flatMap(storageUri) : [];
}

/** Whether the block is an answer of a provider's own tool. */
function isEcho({ parent }: RequestMember): boolean {
  return /.+_tool_result$|_execution_output$/.test(String(parent.type));
}

type Rule = (member: RequestMember) => (string | undefined)[];

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : textAt(isObject(value) ? value : undefined, 'id');

/** Members that name a resource only in some positions. */
const specialMembers = new Map<string, Rule>(
  Object.entries({
    // Responses, and `{id}` of the same; code_interpreter and Messages.
    conversation: ({ value, path }) => (path.length === 1 ? [idOf(value)] : []),
    container: ({ value }) => [idOf(value)],
    // A stored prompt; the text of completions and images is no object.
    prompt: ({ value, path }) =>
      path.length === 1 ? [textAt(isObject(value) ? value : undefined, 'id')] : [],
    preset: ({ value, path }) => (path.length === 1 ? textsOf(value) : []),
    model: ({ value }) => presetsIn(value),
    models: ({ value }) => presetsIn(value),
    fallbacks: ({ value }) => presetsIn(value),
    // An item of nothing but an id is a reference, whatever its type.
    id: ({ parent, value, path }) => (isItemReference(parent, path) || isAudio(path) ? textsOf(value) : []),
    // A custom voice: https://platform.openai.com/docs/guides/text-to-speech#custom-voices
    voice: ({ value }) =>
      isObject(value) ? [textAt(value, 'id')] : textsOf(value).filter((id) => /^voice_/.test(id)),
    // Those of the providers themselves are public.
    skill_id: ({ value, parent }) =>
      parent.type === 'anthropic' ? [] : textsOf(value).filter((id) => !id.startsWith('openai-')),
    // https://platform.claude.com/docs/en/api/beta/messages/create (thread)
    previous_message_id: ({ value, path }) => (path[0] === 'thread' ? textsOf(value) : []),
    engine: ({ value, path }) =>
      path.some((step) => vertexAiSearch.has(String(step))) ? textsOf(value) : [],
    data_sources: ({ value }) => (Array.isArray(value) ? value.filter(isObject).map(dataSource) : []),
    fileUri: ({ value }) => textsOf(value).flatMap(fileAt),
    file_uri: ({ value }) => textsOf(value).flatMap(fileAt),
    content: ({ value, parent }) => idsInText(value, parent),
    text: ({ value, parent }) => idsInText(value, parent),
  } satisfies Record<string, Rule>),
);

const vertexAiSearch = new Set(['vertexAiSearch', 'vertex_ai_search']);

function isItemReference({ type, role }: JsonObject, path: RequestMember['path']): boolean {
  if (path[0] !== 'input' || path.length !== 3 || typeof role === 'string') return false;
  return typeof type !== 'string' || type === '' || type === 'item_reference';
}

/** Whether it is an earlier answer's audio, by its id: https://platform.openai.com/docs/guides/audio */
function isAudio(path: RequestMember['path']): boolean {
  return path[0] === 'messages' && path.at(-2) === 'audio';
}

/**
 * Returns reasoning that a Responses request sends back without its content. The upstream loads it if it stored it, and
 * does without it otherwise.
 */
function storedItem({ key, value, parent, path }: RequestMember): string | null {
  if (key !== 'id' || path[0] !== 'input' || path.length !== 3 || typeof value !== 'string') return null;
  const isStored = parent.type === 'reasoning' && typeof parent.encrypted_content !== 'string';
  return isStored && value !== '' ? value : null;
}

/** Returns OpenRouter's stored presets, by their name: https://openrouter.ai/docs/guides/features/presets */
function presetsIn(value: unknown): string[] {
  return textsOf(value).flatMap((name) => /@preset\/(.+)$/.exec(name)?.[1] ?? []);
}

/**
 * Returns Azure's own index behind a chat, unless the caller has a credential of its own:
 * https://learn.microsoft.com/azure/ai-foundry/openai/references/on-your-data
 */
function dataSource(source: JsonObject): string | undefined {
  const parameters = objectAt(source, 'parameters');
  const authentication = textAt(objectAt(parameters, 'authentication'), 'type') ?? '';
  if (/key|connection_string|access_token|password/.test(authentication)) return undefined;
  const index = textAt(parameters, 'index_name') ?? textAt(parameters, 'container_name') ?? '';
  return `${textAt(parameters, 'endpoint') ?? 'data_sources'}/${index}`;
}

/** Returns a file of the Files API, by its name or address. Empty for what any web client could fetch. */
function fileAt(uri: string): string[] {
  const url = /^https?:/i.test(uri) ? URL.parse(uri) : null;
  if (url === null) return [uri];
  const isGoogles = url.hostname.endsWith('.googleapis.com') && url.hostname !== 'storage.googleapis.com';
  if (!isGoogles) return [];
  return [/\/(files\/[^/:]+)/.exec(url.pathname.replaceAll('%2F', '/'))?.[1] ?? uri];
}

/** Returns `gs://bucket/file`, `s3://…`, `ms://…`. Empty for addresses of the web and for data. */
function storageUri(text: string): string[] {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/\S/i.exec(text.slice(0, 200))?.[1]?.toLowerCase();
  return scheme === undefined || scheme === 'http' || scheme === 'https' ? [] : [text];
}

/**
 * Ids in the text of messages: files of DashScope
 * (https://www.alibabacloud.com/help/model-studio/long-context-qwen-long) and contexts of Moonshot's older caching
 * (https://platform.moonshot.ai/docs/api/caching).
 */
function idsInText(value: unknown, { role }: JsonObject): string[] {
  if (typeof value !== 'string') return [];
  if (value.startsWith('fileid://'))
    return value
      .slice(0, 10_000)
      .split(/[,\s]+/)
      .filter(Boolean);
  return role === 'cache' ? [value.slice(0, 1_000)] : [];
}

function textsOf(value: unknown): string[] {
  const all = Array.isArray(value) ? value : [value];
  return all.filter((text) => typeof text === 'string' && text !== '');
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
