// The models that a request names in other fields than `model`. Each is checked, reserved, and priced like the
// requested one, because the caller chooses them and the operator pays.
import type { JsonObject } from '../lib/json.ts';
import { isObject } from './json-reader.ts';
import { isModelName, modelNameRule } from './request-checks.ts';
import type { RequestFault } from './request-fields.ts';
import { pathText, type RequestMember, visitRequestMembers } from './request-members.ts';
import type { WireFormat } from './wire-format.ts';

/** A model that a request names besides its own. */
export interface OtherModel {
  name: string;
  /** The field, as a path. */
  param: string;
  /** `answers`: it may answer instead of the requested model; `assists`: a tool calls it besides. */
  role: 'answers' | 'assists';
}

/** Bounds of what a request may name. */
export const otherModelLimits = {
  /** Names besides its own. Anthropic takes 3 `fallbacks`, OpenRouter's `models` are a handful in practice. */
  names: 20,
} as const;

/**
 * Members that name models. The general rule is `model`, `models`, and every name that ends in one (`fallback_model`,
 * `answering_model`), with `id` or `name` behind it, in snake or camel case: what providers invent tomorrow is checked
 * until this file says otherwise. What it covers today, each read in 2026-11:
 * - `models`, `fallbacks[].model`: https://openrouter.ai/docs/guides/routing/model-fallbacks
 * - `plugins[].allowed_models`, `plugins[].model`, `tools[].parameters.model`: https://openrouter.ai/docs/guides/features
 * - `fallbacks[].model`: https://platform.claude.com/docs/en/build-with-claude/refusals-and-fallback
 * - `tools[].model` of the advisor: https://platform.claude.com/docs/en/agents-and-tools/tool-use/advisor-tool
 * - `tools[].model`, `tools[].svg.model` of `image_generation`: https://platform.openai.com/docs/guides/tools-image-generation
 * - `compound_custom.models.*`: https://console.groq.com/docs/compound
 * - `requests[].model`, `generateContentRequest.model`: https://ai.google.dev/api/embeddings, /api/tokens
 * - `generationConfig.routingConfig.manualMode.modelName`: https://docs.cloud.google.com/vertex-ai/generative-ai/docs
 * - `fallbacks` as names, `fallback_models`: https://docs.litellm.ai/docs/proxy/reliability
 */
const naming =
  /^(?:\w+[_-])?(?:models?|deployment)(?:[_-]?(?:ids?|names?))?$|[a-z](?:Models?|Deployment)(?:Ids?|Names?)?$|^modelNames?$|^fallbacks$/;

/** Contents, and texts to rank or embed: nothing in them runs. Of Responses' items, only tools that they add. */
const contents = new Set([
  'messages',
  'contents',
  'content',
  'system',
  'systemInstruction',
  'system_instruction',
  'documents',
  'query',
]);

/** Under these a model works for the one that answers. */
const assistants = new Set(['tools', 'plugins']);

/**
 * Returns the other models that a parsed body names, in its order. A name that may answer and is the request's own does
 * not count. Returns a fault for an invalid name, or for too many. `own`: the requested model, and its name at the
 * upstream.
 */
export function readOtherModels(
  format: WireFormat,
  body: unknown,
  own: readonly (string | null)[],
): { ok: true; models: OtherModel[] } | RequestFault {
  if (!isObject(body)) return { ok: true, models: [] };
  const ownNames = own.map((name) => name && bareName(format, name));
  const found = namedIn(format, body).filter(
    ({ name, role }) => role === 'assists' || !ownNames.includes(name),
  );
  const models = [...new Map(found.map((model) => [`${model.role} ${model.name}`, model])).values()];
  const wrong = models.find(({ name }) => !isModelName(name));
  if (wrong !== undefined)
    return { ok: false, message: `Invalid '${wrong.param}': expected ${modelNameRule}.`, param: wrong.param };
  const last = models[otherModelLimits.names];
  if (last === undefined) return { ok: true, models };
  const message = `The request names more than ${otherModelLimits.names} models besides its own.`;
  return { ok: false, message, param: last.param };
}

/** Whether a form field of that name names a model besides `model` itself. */
export function namesOtherModel(field: string): boolean {
  return field !== 'model' && naming.test(field.replace(/\[\w*\]$/, ''));
}

function namedIn(format: WireFormat, body: JsonObject): OtherModel[] {
  const models: OtherModel[] = [];
  visitRequestMembers(body, (member) => {
    if (!naming.test(member.key) || isOwn(member) || isContent(member) || isFree(member)) return;
    const role = member.path.some((step) => assistants.has(String(step))) ? 'assists' : 'answers';
    for (const [name, index] of namesOf(member.value)) {
      const param = pathText(index === null ? member.path : [...member.path, index]);
      models.push({ name: bareName(format, name), param, role });
    }
  });
  return models;
}

function isOwn({ key, path }: RequestMember): boolean {
  return key === 'model' && path.length === 1;
}

function isContent({ path }: RequestMember): boolean {
  if (path.some((step) => contents.has(String(step)))) return true;
  return (path[0] === 'input' || path[0] === 'prompt') && !path.includes('tools');
}

/**
 * Whether the model is free. Moderation beside a chat costs nothing: https://platform.openai.com/docs/guides/moderation
 * (2026-11)
 */
function isFree({ path, value }: RequestMember): boolean {
  return path[0] === 'moderation' && typeof value === 'string' && /^(omni|text)-moderation-/.test(value);
}

/** Returns the names of a member, each with its index in a list. Objects are visited separately. */
function namesOf(value: unknown): [string, number | null][] {
  if (typeof value === 'string') return value === '' || value === 'default' ? [] : [[value, null]];
  if (!Array.isArray(value)) return [];
  return value.flatMap((name, index): [string, number][] =>
    typeof name === 'string' ? [[name, index]] : [],
  );
}

/** Returns the model at the end of Google's resource names: `models/x`, `publishers/google/models/x`. */
function bareName({ api }: WireFormat, name: string): string {
  return api === 'gemini' ? name.replace(/^(?:.*\/)?models\//, '') : name;
}
