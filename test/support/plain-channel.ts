// A stored channel with plain settings.
import type { Channel } from '../../src/routing/channel.ts';

export function plainChannel(id: string): Channel {
  return {
    id,
    name: id,
    provider: 'openai',
    baseUrl: null,
    keys: [],
    models: ['*'],
    modelMap: {},
    priority: 0,
    weight: 1,
    enabled: true,
    headers: {},
    groups: [],
    settings: {},
  };
}
