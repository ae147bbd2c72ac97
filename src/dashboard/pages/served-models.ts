// The names that are served at this moment, for those who choose among them. Wildcards name no model.
import type { PageServices } from './page-env.ts';

export async function servedModels({ liveChannels }: PageServices): Promise<string[]> {
  const channels = await liveChannels();
  const names = channels.flatMap(({ models, modelMap }) => [...models, ...Object.keys(modelMap)]);
  return [...new Set(names)].filter((name) => !name.includes('*')).sort();
}
