// Reads one channel by its id, stored or of the environment, for code without a catalog.
import type { Config } from '../config.ts';
import type { LiveChannel } from './catalog.ts';
import { demoChannels, environmentChannels } from './environment-channels.ts';
import { RoutingStore } from './store.ts';

/** Returns the channel, even if it is disabled, or null. Throws when D1 fails. */
export async function findChannel(db: D1Database, config: Config, id: string): Promise<LiveChannel | null> {
  const unstored = [...environmentChannels(config), ...demoChannels(config)];
  const found = unstored.find((channel) => channel.id === id);
  if (found !== undefined) return found;
  const record = await new RoutingStore(db).find(id);
  return record && { ...record.channel, plainKeys: null, lastResort: false };
}
