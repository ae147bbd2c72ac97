// The fields of a price override, validated: PriceOverride of metering/price-override.ts.
import { z } from '@hono/zod-openapi';
import type { PriceOverride } from '../../metering/price.ts';

const perMillion = z.number().min(0, 'must not be negative').max(1_000_000, 'must be at most 1,000,000');

function optional(description: string) {
  return perMillion.optional().openapi({ description });
}

const tokens = 'USD per million tokens of this kind; absent: as the kind that contains it.';

/** Each field of an override. `satisfies` makes sure that the list has exactly the fields of PriceOverride. */
export const priceFields = {
  input: perMillion.openapi({ description: 'USD per million tokens.' }),
  output: perMillion.openapi({ description: 'USD per million tokens.' }),
  cache_read: optional(tokens),
  cache_write: optional(tokens),
  cache_write_1h: optional(tokens),
  reasoning: optional(tokens),
  input_audio: optional(tokens),
  cached_audio: optional(tokens),
  output_audio: optional(tokens),
  input_image: optional(tokens),
  cached_image: optional(tokens),
  output_image: optional(tokens),
  input_video: optional(tokens),
  request: optional('USD a request.'),
  web_search: optional('USD a web search that the provider ran.'),
  map_search: optional('USD a search on a map that the provider ran.'),
  file_search: optional('USD a search in stored files that the provider ran.'),
  code_session: optional('USD a container or a run of code that the provider ran.'),
  search_unit: optional('USD a rerank search.'),
  image: optional('USD an image, where the provider counts images.'),
  audio_hour: optional('USD an hour of audio, where the provider counts time.'),
  characters: optional('USD per million characters of text to speak.'),
} satisfies Record<keyof PriceOverride, z.ZodType>;

export const priceOverride = z.strictObject(priceFields).openapi('PriceOverride');
