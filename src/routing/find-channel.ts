// One channel by its id, stored or of the environment, read afresh: for those who have no catalog at hand.
import type { Config } from '../config.ts';
import type { LiveChannel } from './catalog.ts';
import { demoChannels, environmentChannels } from './environment-channels.ts';
import { RoutingStore } from './store.ts';

/** The channel, disabled ones too; null when there is none. D1 failing is thrown. */
export async function findChannel(db: D1Database, config: Config, id: string): Promise<LiveChannel | null> {
  const unstored = [...environmentChannels(config), ...demoChannels(config)];
  const found = unstored.find((channel) => channel.id === id);
  if (found !== undefined) return found;
  const record = await new RoutingStore(db).find(id);
  return record && { ...record.channel, plainKeys: null, lastResort: false };
}
