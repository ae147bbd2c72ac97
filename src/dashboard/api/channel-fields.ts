// The channel as the management API reads and writes it.
import { z } from '@hono/zod-openapi';
import { presetNames } from '../../providers/channel-settings.ts';
import { providerNames } from '../../providers/provider-name.ts';
import { neverForwarded } from '../../providers/request-allowlist.ts';
import { managementLimits } from './limits.ts';
import { modelList } from './token-fields.ts';
import { isoTime } from './values.ts';

const name = z.string().trim().min(1, 'must not be empty').max(managementLimits.nameCharacters);

const baseUrl = z
  .string()
  .max(managementLimits.urlCharacters)
  .refine(
    isBaseUrl,
    'must be an http or https URL without credentials, query (but for `api-version`) or fragment',
  );

/** A service account's key is a JSON file: it may contain spaces and line breaks. */
const upstreamKey = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(managementLimits.keyCharacters)
  .regex(/^([\x21-\x7e]+|\{[\s\x21-\x7e]*\})$/, 'must be printable ASCII without spaces');

const keyList = z
  .array(upstreamKey)
  .max(managementLimits.keysOfChannel, `at most ${managementLimits.keysOfChannel} keys`);

const modelName = z.string().trim().min(1, 'must not be empty').max(managementLimits.modelCharacters);

/** A wildcard would map nothing: a name that is not in the map is sent unchanged. */
const mappedName = modelName.regex(/^[^*]*$/, 'must be the name of a model, not a wildcard');

const modelMap = z
  .record(mappedName, mappedName)
  .refine(
    (map) => Object.keys(map).length <= managementLimits.models,
    `at most ${managementLimits.models} entries`,
  );

/** Set by the connection or by the relay. */
const reservedHeaders = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'cookie'];

const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'is not a header name')
  .refine((header) => !reservedHeaders.includes(header.toLowerCase()), 'this header cannot be set');

const headerValue = z
  .string()
  .max(managementLimits.headerCharacters)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must be one line of Latin-1 text');

const headers = z
  .record(headerName, headerValue)
  .refine(
    (all) => Object.keys(all).length <= managementLimits.headersOfChannel,
    `at most ${managementLimits.headersOfChannel} headers`,
  );

/** Limits of a channel's timeouts. */
const waitMs = z.int().min(1_000).max(3_600_000).optional();

/** 0 sends no pings. */
const pingIntervalMs = z
  .int()
  .max(3_600_000)
  .refine((ms) => ms === 0 || ms >= 100, 'must be 0 or at least 100')
  .optional();

/** Names of callers' headers that a channel may forward: no credentials, hop-by-hop, or forwarding headers. */
const forwardHeaders = z
  .array(
    z
      .string()
      .trim()
      .toLowerCase()
      .regex(/^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/, 'is not a header name')
      .refine((header) => !neverForwarded.test(header), 'this header is never forwarded'),
  )
  .max(managementLimits.headersOfChannel)
  .optional();

/** The API's names of ChannelSettings (providers/channel-settings.ts). */
export const settings = z.strictObject({
  preset: z.enum(presetNames).optional().openapi({
    description: 'The known upstream of an `openai-compatible` channel. Default: recognized by its host.',
  }),
  responses_api: z
    .boolean()
    .optional()
    .openapi({ description: 'Whether an `openai-compatible` upstream has the Responses API.' }),
  first_byte_ms: waitMs.openapi({
    description: 'Time to the head of a response, and to the first byte of a stream.',
  }),
  idle_ms: waitMs.openapi({ description: 'Time between two pieces of a stream.' }),
  ping_interval_ms: pingIntervalMs.openapi({
    description:
      'A stream that was silent for so long gets a ping, which keeps proxies from cutting it and shows whether the client is still there. 0: none. Default: 15000.',
  }),
  ping_native: z.boolean().optional().openapi({
    description:
      'Whether streams in the upstream’s own format get pings after their first event too, at a higher cost of CPU. Default: false.',
  }),
  forward_headers: forwardHeaders.openapi({
    description:
      'Headers of callers that go to the upstream besides those that its provider documents. Credentials, hop-by-hop and forwarding headers are refused.',
  }),
  on_disconnect: z.enum(['abort', 'drain']).optional().openapi({
    description:
      'When a client leaves a stream: end the upstream at once, or read on for up to 5 s to learn the usage. Default: read on only where output may be unseen (reasoning, images, audio).',
  }),
  prompt_cache: z.boolean().optional().openapi({
    description:
      'Claude: whether translated requests with tools or an earlier answer carry `cache_control`. Default: true.',
  }),
  region: z
    .string()
    .regex(/^[a-z]{2,3}(-[a-z]+)+-\d{1,2}$/, 'must be an AWS region, such as `us-east-1`')
    .optional()
    .openapi({ description: 'Bedrock: the AWS region; else the host of `base_url` names it.' }),
  project: z
    .string()
    .regex(
      /^([a-z0-9.-]+:)?[a-z0-9][a-z0-9-]{1,62}$/,
      'must be the id or the number of a Google Cloud project',
    )
    .optional()
    .openapi({ description: 'Vertex: the Google Cloud project; else the service account’s own.' }),
  location: z
    .string()
    .regex(/^[a-z0-9-]{2,40}$/, 'must be a location of Vertex AI, such as `us-east5` or `global`')
    .optional()
    .openapi({ description: 'Vertex: the location; else `global`.' }),
  shared_resources: z
    .array(z.string().trim().min(1, 'must not be empty').max(managementLimits.resourceCharacters))
    .max(managementLimits.sharedResources, `at most ${managementLimits.sharedResources} entries`)
    .optional()
    .openapi({
      description:
        'Resources of the account at the provider that every token may name: ids, prefixes (`vs_*`, `gs://bucket/`), or `*`. Others work only for the account that made them through the relay.',
    }),
});
export type SettingsView = z.infer<typeof settings>;

const optionalFields = {
  base_url: baseUrl.nullish().openapi({ description: "null: the provider's own address." }),
  model_map: modelMap.nullish().openapi({ description: "Requested name to the upstream's own name." }),
  priority: z
    .int()
    .min(-1_000_000)
    .max(1_000_000)
    .optional()
    .openapi({ description: 'Higher is tried first.' }),
  weight: z.int().min(0).max(1_000_000).optional().openapi({ description: 'Share among equal priorities.' }),
  enabled: z.boolean().optional(),
  headers: headers.nullish().openapi({ description: 'Added to every request to the upstream.' }),
  groups: z
    .array(z.string().trim().min(1))
    .max(managementLimits.groupsOfChannel)
    .nullish()
    .openapi({ description: 'Groups that may use it; empty is all.' }),
  settings: settings.nullish(),
};

const provider = z.enum(providerNames);

export const newChannel = z
  .strictObject({
    name,
    provider,
    preset: z
      .enum(presetNames)
      .optional()
      .openapi({ description: 'Fills in `base_url` and `settings.preset` of a known upstream.' }),
    keys: keyList.optional(),
    models: modelList,
    ...optionalFields,
  })
  .openapi('NewChannel');
export type NewChannel = z.infer<typeof newChannel>;

export const channelEdit = z
  .strictObject({
    name: name.optional(),
    provider: provider.optional(),
    models: modelList.optional(),
    keys: keyList.optional().openapi({ description: 'Replaces all keys.' }),
    add_keys: keyList.optional(),
    remove_key_ids: z.array(z.string()).max(managementLimits.keysOfChannel).optional(),
    ...optionalFields,
  })
  .openapi('ChannelEdit');
export type ChannelEdit = z.infer<typeof channelEdit>;

export const channel = z
  .object({
    id: z.string(),
    name: z.string(),
    provider,
    base_url: z.string().nullable(),
    keys: z.array(z.object({ id: z.string(), hint: z.string() })),
    models: z.array(z.string()),
    model_map: z.record(z.string(), z.string()),
    priority: z.int(),
    weight: z.int(),
    enabled: z.boolean(),
    headers: z.record(z.string(), z.string()),
    groups: z.array(z.string()),
    settings,
    created_at: isoTime,
    updated_at: isoTime,
  })
  .openapi('Channel');
export type ChannelView = z.infer<typeof channel>;

export const channelTestRequest = z
  .strictObject({
    model: modelName.optional(),
    key_id: z.string().optional().openapi({ description: 'The key to try; else the first.' }),
  })
  .openapi('ChannelTestRequest');

export const discovery = z
  .object({
    models: z
      .array(z.string())
      .nullable()
      .openapi({ description: 'In the upstream’s order; null: the list could not be read.' }),
    error: z.string().optional().openapi({ description: 'Why not.' }),
  })
  .openapi('Discovery');

export const channelTest = z
  .object({
    ok: z.boolean(),
    status: z.int().nullable().openapi({ description: "The upstream's; null: it gave no answer." }),
    latency_ms: z.number(),
    error: z.string().optional(),
  })
  .openapi('ChannelTest');

function isBaseUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return false;
  return (
    url.username === '' &&
    url.password === '' &&
    url.hash === '' &&
    !/[#\s]/.test(text) &&
    // The version of Azure's older surface is in the query; no other address has one.
    (!text.includes('?') || /^\?api-version=[\w.-]+$/.test(url.search))
  );
}
