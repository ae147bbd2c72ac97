// Lists of models, and single ones, as each API answers them. What is unknown of a model is absent, or null where
// the API's own answers have null.
import { RelayError } from '../lib/relay-error.ts';
import { claudeTraits, isClaude } from './anthropic-messages/model-traits.ts';
import type { ReasoningEffort } from './neutral.ts';
import { openaiModelTraits } from './openai-models.ts';

/** A model of a list. Limits are tokens; prices are pico-USD each, the token's multiplier applied. */
export interface ListedModel {
  id: string;
  /** Its name for people. */
  name: string | null;
  /** The provider of the channel that serves it. */
  owner: string;
  context: number | null;
  output: number | null;
  input: readonly string[] | null;
  /** Levels of reasoning from least to most. Null: it does not reason, or nothing is known of it. */
  efforts: readonly string[] | null;
  /** Null: it has no price. */
  price: ListedPrice | null;
  /** The announced last day, `YYYY-MM-DD`. */
  endsOn: string | null;
}

export interface ListedPrice {
  input: number;
  output: number;
  cacheRead: number | null;
  cacheWrite: number | null;
  reasoning: number | null;
  image: number | null;
  request: number;
  webSearch: number;
}

/** Returns whether anything but its name is known of a model. */
const isKnown = ({ context, output, input }: ListedModel) =>
  context !== null || output !== null || input !== null;

/**
 * Returns the day in a model's name (`gpt-4o-2024-08-06`, `claude-opus-4-20250514`), or null. Providers date
 * snapshots by their release.
 */
function releaseDayOf(id: string): string | null {
  const [, year, month, day] = /-(20\d{2})-?(0[1-9]|1[0-2])-?([0-2]\d|3[01])$/.exec(id) ?? [];
  return year === undefined ? null : `${year}-${month}-${day}`;
}

/**
 * Returns a model with OpenAI's members, and those that OpenRouter adds: limits, modalities, parameters, and prices
 * in USD each as decimals (https://openrouter.ai/docs/models, 2026-11; which of them must be there: the schemas of @openrouter/sdk 1.3.19,
 * 2026-12). `created` is 0 if the release is unknown.
 */
export function openaiModel(model: ListedModel): object {
  const { id, name, owner, context, output, input, price, endsOn } = model;
  const day = releaseDayOf(id);
  return {
    id,
    object: 'model',
    created: day === null ? 0 : Date.parse(day) / 1000,
    owned_by: owner,
    shutdown_date: endsOn,
    ...(name !== null && { name }),
    ...(isKnown(model) && openrouterMembers(id)),
    ...(context !== null && { context_length: context, context_window: context }),
    ...(input !== null && {
      architecture: { modality: null, input_modalities: input, output_modalities: ['text'] },
    }),
    ...((context !== null || output !== null) && {
      top_provider: {
        // The relay itself moderates nothing.
        is_moderated: false,
        ...(context !== null && { context_length: context }),
        ...(output !== null && { max_completion_tokens: output }),
      },
    }),
    ...(isKnown(model) && { supported_parameters: parametersOf(model) }),
    ...(price !== null && { pricing: pricingOf(price) }),
    ...(endsOn !== null && { expiration_date: endsOn }),
  };
}

/** What its SDK needs of each model, and the relay has nothing to say about. */
function openrouterMembers(id: string): object {
  return {
    canonical_slug: id,
    context_length: null,
    default_parameters: null,
    per_request_limits: null,
    supported_voices: null,
    links: { details: `/v1/models/${id}` },
  };
}

/** Returns all models in OpenAI's format, on one page of OpenRouter's. */
export function openaiList(models: readonly ListedModel[]): object {
  return {
    object: 'list',
    data: models.map(openaiModel),
    links: { next: null },
    total_count: models.length,
  };
}

/** Names of OpenRouter's `supported_parameters`. All models of the table take tools. */
function parametersOf({ id, efforts }: ListedModel): string[] {
  const bare = id.slice(id.lastIndexOf('/') + 1);
  const isAnthropic = isClaude(bare);
  const takesSampling = isAnthropic
    ? claudeTraits(bare).sampling
    : !openaiModelTraits(bare).refusesSampling(undefined);
  return [
    'max_tokens',
    'tools',
    'tool_choice',
    'response_format',
    'structured_outputs',
    ...(takesSampling ? ['temperature', 'top_p'] : []),
    ...(takesSampling || isAnthropic ? ['stop'] : []),
    ...(efforts === null ? [] : ['reasoning', 'include_reasoning', 'reasoning_effort']),
  ].sort();
}

function pricingOf(price: ListedPrice): Record<string, string> {
  const { cacheRead, cacheWrite, reasoning, image } = price;
  return {
    prompt: usdText(price.input),
    completion: usdText(price.output),
    ...(cacheRead !== null && { input_cache_read: usdText(cacheRead) }),
    ...(cacheWrite !== null && { input_cache_write: usdText(cacheWrite) }),
    ...(reasoning !== null && { internal_reasoning: usdText(reasoning) }),
    ...(image !== null && { image: usdText(image) }),
    ...(price.request > 0 && { request: usdText(price.request) }),
    ...(price.webSearch > 0 && { web_search: usdText(price.webSearch) }),
  };
}

/** Writes pico-USD as a decimal without an exponent: 250000 is `0.00000025`. */
function usdText(pico: number): string {
  const whole = Math.round(pico);
  const decimals = String(whole % 1e12)
    .padStart(12, '0')
    .replace(/0+$/, '');
  return `${Math.floor(whole / 1e12)}${decimals === '' ? '' : `.${decimals}`}`;
}

/** Anthropic's own bounds of a page. */
const anthropicPages = { defaultLimit: 20, maximumLimit: 1_000 } as const;

/**
 * Returns a model with the members of Anthropic's API of 2026-11 (its SDK 1.12). The API has 1970 if a release is
 * unknown, and so has the relay.
 */
export function anthropicModel(model: ListedModel): object {
  const { id, name, context, output, endsOn } = model;
  return {
    type: 'model',
    id,
    display_name: name ?? id,
    created_at: `${releaseDayOf(id) ?? '1970-01-01'}T00:00:00Z`,
    max_input_tokens: context,
    max_tokens: output,
    capabilities: isKnown(model) ? capabilitiesOf(model) : null,
    lifecycle: endsOn === null ? 'active' : 'deprecated',
    line: null,
    deprecated_at: null,
    retires_at: endsOn === null ? null : `${endsOn}T00:00:00Z`,
  };
}

const effortNames = ['low', 'medium', 'high', 'max', 'xhigh'] as const satisfies readonly ReasoningEffort[];

/** What a caller of Messages can use through the relay. Server tools and batches are Anthropic's own. */
function capabilitiesOf({ id, input, efforts }: ListedModel): object {
  const isAnthropic = isClaude(id);
  const traits = claudeTraits(id);
  const supported = (is: boolean) => ({ supported: is });
  const reasons = efforts !== null;
  return {
    batch: supported(false),
    citations: supported(isAnthropic),
    code_execution: supported(isAnthropic),
    context_management: {
      supported: false,
      clear_thinking_20251015: null,
      clear_tool_uses_20250919: null,
      compact_20260112: null,
    },
    effort: {
      supported: reasons,
      ...Object.fromEntries(
        effortNames.map((effort) => [effort, supported(efforts?.includes(effort) === true)]),
      ),
    },
    image_input: supported(input?.includes('image') === true),
    pdf_input: supported(isAnthropic || input?.includes('pdf') === true),
    server_tools: {
      supported: isAnthropic,
      code_execution: supported(isAnthropic),
      web_search: supported(isAnthropic),
    },
    structured_outputs: supported(!isAnthropic || traits.structuredOutput),
    thinking: {
      supported: reasons,
      types: {
        adaptive: supported(reasons && (!isAnthropic || traits.thinking === 'adaptive')),
        enabled: supported(reasons && (!isAnthropic || traits.thinking === 'budget')),
      },
    },
  };
}

/** Returns the page in the query. Throws RelayError `invalid_request` for a bad `limit`. */
export function anthropicPage(models: readonly ListedModel[], query: URLSearchParams): object {
  const limit = Number(query.get('limit') ?? anthropicPages.defaultLimit);
  if (!Number.isInteger(limit) || limit < 1 || limit > anthropicPages.maximumLimit) {
    const message = `limit: must be a whole number from 1 to ${anthropicPages.maximumLimit}.`;
    throw new RelayError('invalid_request', message, { param: 'limit' });
  }
  const ids = models.map(({ id }) => id);
  const after = ids.indexOf(query.get('after_id') ?? '');
  const before = ids.indexOf(query.get('before_id') ?? '');
  const from = before >= 0 ? Math.max(0, before - limit) : after + 1;
  const to = before >= 0 ? before : from + limit;
  const page = models.slice(from, to);
  const hasMore = before >= 0 ? from > 0 : to < ids.length;
  return {
    data: page.map(anthropicModel),
    has_more: hasMore,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

/** Google's own bounds of a page; a larger size is taken as the maximum. */
const geminiPages = { defaultSize: 50, maximumSize: 1_000 } as const;

export function geminiModel({ id, name, context, output, efforts }: ListedModel): object {
  return {
    name: `models/${id}`,
    version: '001',
    displayName: name ?? id,
    ...(context !== null && { inputTokenLimit: context }),
    ...(output !== null && { outputTokenLimit: output }),
    supportedGenerationMethods: /embed/.test(id)
      ? ['embedContent', 'batchEmbedContents', 'countTokens']
      : ['generateContent', 'streamGenerateContent', 'countTokens'],
    ...(efforts !== null && { thinking: true }),
  };
}

/** Returns the page in the query. Throws RelayError `invalid_request` for a bad size or token. */
export function geminiPage(models: readonly ListedModel[], query: URLSearchParams): object {
  const size = Number(query.get('pageSize') ?? geminiPages.defaultSize);
  const from = Number(query.get('pageToken') ?? 0);
  if (!Number.isInteger(size) || size < 0)
    throw new RelayError('invalid_request', 'pageSize: must be a whole number.');
  if (!Number.isInteger(from) || from < 0)
    throw new RelayError('invalid_request', 'pageToken: this is not a token of this list.');
  const to = from + Math.min(size || geminiPages.defaultSize, geminiPages.maximumSize);
  const page = { models: models.slice(from, to).map(geminiModel) };
  return to < models.length ? { ...page, nextPageToken: String(to) } : page;
}
