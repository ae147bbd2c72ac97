// The models that a token sees, in the shape of each API. Loaded with the first list: requests for answers need none of it.
import type { ApiFormat } from '../formats/format-id.ts';
import {
  anthropicModel,
  anthropicPage,
  geminiModel,
  geminiPage,
  openaiList,
  openaiModel,
} from '../formats/model-lists.ts';
import type { Catalog } from '../routing/catalog.ts';
import { describeModels } from '../routing/listed-models.ts';
import type { TokenPolicy } from '../tokens/token.ts';

/** Names of models, and whose they are. */
export interface VisibleModels {
  names: readonly string[];
  catalog: Catalog;
  policy: TokenPolicy;
}

/** Returns the list. Codex reads one of its own, which it requests with its version. */
export async function listView(
  shape: ApiFormat,
  visible: VisibleModels,
  query: URLSearchParams,
): Promise<object> {
  const models = await describe(visible);
  switch (shape) {
    case 'openai':
      if (!query.has('client_version')) return openaiList(models);
      return (await import('../formats/codex-models.ts')).codexList(models);
    case 'anthropic':
      return anthropicPage(models, query);
    case 'gemini':
      return geminiPage(models, query);
  }
}

/** Returns the one model. */
export async function modelView(shape: ApiFormat, visible: VisibleModels): Promise<object> {
  const [model] = await describe(visible);
  if (model === undefined) throw new Error('a view needs a model');
  switch (shape) {
    case 'openai':
      return openaiModel(model);
    case 'anthropic':
      return anthropicModel(model);
    case 'gemini':
      return geminiModel(model);
  }
}

function describe({ names, catalog, policy }: VisibleModels) {
  return describeModels(names, catalog, policy, Date.now());
}
