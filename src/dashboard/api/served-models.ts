// /api/served-models: which models the caller's tokens may use, at what price, and how they did here lately.
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi';
import { type UsageSums, usage } from '../../metering/usage-log.ts';
import { allowsModel, modelsNamed } from '../../quota/policy.ts';
import { type Audience, type DirectoryModel, everything } from '../../routing/model-directory.ts';
import type { TokenPolicy } from '../../tokens/token.ts';
import type { Principal } from '../accounts/account.ts';
import type { ApiEnv } from './authenticate.ts';
import { managementLimits } from './limits.ts';
import { fieldProblem } from './problem.ts';
import { callFailures, inputFailures, json, missingFailure } from './responses.ts';
import { findVisibleToken } from './roles.ts';
import type { ManagementServices } from './services.ts';

const usdPrice = z.number().nullable();

const servedModel = z
  .object({
    id: z.string(),
    name: z.string().nullable().openapi({ description: 'For people.' }),
    alias_of: z.array(z.string()).nullable().openapi({ description: 'The models that an alias stands for.' }),
    is_pattern: z.boolean().openapi({ description: 'A wildcard of a channel whose names are not known.' }),
    channels: z
      .array(z.object({ id: z.string(), name: z.string() }))
      .openapi({ description: 'For admins, in the order in which they are tried.' }),
    context_length: z.int().nullable(),
    max_output_tokens: z.int().nullable(),
    input_modalities: z.array(z.string()).nullable(),
    reasoning_levels: z.array(z.string()).nullable(),
    end_date: z.string().nullable(),
    price: z
      .object({
        input: usdPrice.openapi({ description: 'USD per million tokens. null: not charged by tokens.' }),
        output: usdPrice,
        cache_read: usdPrice,
        most: z
          .object({ input: z.number(), output: z.number() })
          .nullable()
          .openapi({ description: 'What the dearest channel charges, if it charges more.' }),
        further: z.array(z.object({ name: z.string(), usd: z.number() })),
      })
      .nullable()
      .openapi({
        description: 'At the channel that is tried first, with the multiplier of the group. null: none.',
      }),
    is_own_price: z.boolean().openapi({ description: 'An operator has set it.' }),
    ttfb_ms: z.int().nullable().openapi({ description: 'On average over the last 7 days.' }),
    error_rate: z.number().nullable().openapi({ description: 'From 0 to 1, over the last 7 days.' }),
  })
  .openapi('ServedModel');
export type ServedModelView = z.infer<typeof servedModel>;

const query = z.object({
  token: z.string().optional().openapi({ description: 'What this token may use.' }),
  search: z.string().max(managementLimits.modelCharacters).default(''),
  sort: z.enum(['name', 'input', 'output', 'context']).default('name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  cursor: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(managementLimits.pageRows).default(50),
});

const route = createRoute({
  method: 'get',
  path: '/served-models',
  summary: 'Models that you may use, with prices, limits, and how they did here in the last 7 days.',
  description:
    'Admins see every model. Members see what any of their tokens may use; without a token, what their group may use.',
  tags: ['models'],
  security: [{ adminKey: [] }],
  request: { query },
  responses: {
    200: json(
      z.object({ data: z.array(servedModel), total: z.int(), next_cursor: z.string().nullable() }),
      'A page.',
    ),
    ...inputFailures,
    ...missingFailure,
    ...callFailures,
  },
});

const seenMs = 7 * 86_400_000;
/** A member's tokens whose models are listed: the newest ones. */
const mostTokens = 100;

/** Adds the route of the models that somebody may use. */
export function addServedModelRoute(api: OpenAPIHono<ApiEnv>, services: ManagementServices): void {
  const { db, directory, now } = services;
  api.openapi(route, async (context) => {
    const { token, search, sort, order, cursor: offset, limit } = context.req.valid('query');
    const { principal } = context.var;
    const [audiences, sums] = await Promise.all([
      audiencesOf(principal, token, services),
      usage(db, { groupBy: 'model', fromMs: now() - seenMs, toMs: now() }),
    ]);
    const asked = { search, sort, descending: order === 'desc', offset, limit };
    const { models, total } = await directory.list(audiences, asked);
    if (offset > 0 && offset >= total) throw fieldProblem('cursor', 'is after the end of the list');
    const seen = new Map(sums.map((row) => [row.key, row]));
    const data = models.map((model) =>
      servedModelView(model, seen.get(model.id), principal.role === 'admin'),
    );
    const next = offset + data.length < total ? String(offset + data.length) : null;
    return context.json({ data, total, next_cursor: next }, 200);
  });
}

/** Returns whose models are listed. Throws a Problem (404) if there is no such token, or it is not visible. */
async function audiencesOf(
  principal: Principal,
  tokenId: string | undefined,
  services: ManagementServices,
): Promise<Audience[]> {
  const { tokens, accounts, directory } = services;
  if (tokenId !== undefined)
    return [audienceOf((await findVisibleToken(principal, tokenId, services)).policy)];
  if (principal.role === 'admin') return [everything];
  const filter = { accountId: principal.accountId, status: 'active' } as const;
  const records = await tokens.list(filter, null, mostTokens);
  // Tokens with the same bounds see the same models.
  const distinct = new Map(records.map(({ policy }) => [boundsKey(policy), policy]));
  if (distinct.size > 0) return [...distinct.values()].map(audienceOf);
  const account = await accounts.find(principal.accountId);
  return [await directory.audienceOfGroup(account?.group ?? 'default')];
}

function boundsKey({ group, models, furtherModels }: TokenPolicy): string {
  return JSON.stringify([group, models, furtherModels]);
}

function audienceOf(policy: TokenPolicy): Audience {
  return {
    scope: policy,
    multiplier: policy.bounds.priceMultiplierMillionths / 1_000_000,
    allows: (model) => allowsModel(policy, model),
    named: modelsNamed(policy),
  };
}

/** Returns a model as the API writes it. `seen`: how it did here. Only admins see channels. */
export function servedModelView(
  model: DirectoryModel,
  seen: UsageSums | undefined,
  isAdmin: boolean,
): ServedModelView {
  const { price } = model;
  return {
    id: model.id,
    name: model.name,
    alias_of: model.members && [...model.members],
    is_pattern: model.isPattern,
    channels: isAdmin ? [...model.channels] : [],
    context_length: model.context,
    max_output_tokens: model.output,
    input_modalities: model.input && [...model.input],
    reasoning_levels: model.efforts && [...model.efforts],
    end_date: model.endsOn,
    price: price && {
      input: price.input,
      output: price.output,
      cache_read: price.cacheRead,
      most: price.most,
      further: price.further.map(([name, usd]) => ({ name, usd })),
    },
    is_own_price: model.isOwnPrice,
    ttfb_ms: seen && seen.ttfbCount > 0 ? Math.round(seen.ttfbMs / seen.ttfbCount) : null,
    error_rate: seen && seen.requests > 0 ? Number((seen.errors / seen.requests).toFixed(4)) : null,
  };
}
