// The steps of changing a group: D1 records it, the ledgers of its tokens apply it, then this isolate's catalog is
// refreshed. A ledger that was not called (beyond the limit, or because the call failed) learns of the change with
// its token's next request, once that request's isolate has read the new catalog.
import type { Group } from '../../routing/channel.ts';
import type { TokenPosition } from '../../tokens/store.ts';
import { changesOfGroup, type GroupEdit } from './group-fields.ts';
import { managementLimits } from './limits.ts';
import { fieldProblem, notFound, Problem, unavailable } from './problem.ts';
import type { ManagementServices } from './services.ts';

/** Ledgers that are called at the same time. */
const ledgersAtATime = 50;

/** Channels that are not in the database. */
const unstoredChannel = /^(env|demo)_/;

export class GroupWrites {
  private readonly services: ManagementServices;

  constructor(services: ManagementServices) {
    this.services = services;
  }

  async create(name: string, edit: GroupEdit): Promise<Group> {
    await this.checkChannels(edit);
    const group = { ...blank, ...changesOfGroup(edit), name };
    if (!(await this.services.groups.insert(group))) {
      throw new Problem(409, `There is a group \`${name}\` already.`);
    }
    await this.services.onChannelsChanged();
    return group;
  }

  async update(name: string, edit: GroupEdit): Promise<Group> {
    await this.checkChannels(edit);
    const group = await this.services.groups.update(name, changesOfGroup(edit));
    if (group === null) throw notFound('group');
    await this.putIntoForce(name);
    await this.services.onChannelsChanged();
    return group;
  }

  async delete(name: string): Promise<void> {
    const { groups, routing, onChannelsChanged } = this.services;
    if (name === 'default') throw new Problem(409, 'The group `default` cannot be deleted.');
    const channels = (await routing.loadChannels()).filter((channel) => channel.groups.includes(name));
    if (channels.length > 0) {
      const ids = channels.map(({ id }) => `\`${id}\``).join(', ');
      throw new Problem(409, `The group is named by the channels ${ids}. Take it out of them first.`);
    }
    if (!(await groups.deleteUnused(name))) {
      if ((await groups.find(name)) === null) throw notFound('group');
      throw new Problem(
        409,
        'There are tokens or accounts in the group. Move them to another, or delete them, first.',
      );
    }
    await onChannelsChanged();
  }

  private async checkChannels({ channels }: GroupEdit): Promise<void> {
    if (!channels?.length) return;
    const known = new Set((await this.services.routing.loadChannels()).map(({ id }) => id));
    const unknown = channels.find((id) => !known.has(id) && !unstoredChannel.test(id));
    if (unknown !== undefined) throw fieldProblem('channels', `there is no channel \`${unknown}\``);
  }

  /** Applies the change at the ledgers of the group's tokens, newest token first. */
  private async putIntoForce(group: string): Promise<void> {
    const { tokens, ledgers, report } = this.services;
    let after: TokenPosition | null = null;
    try {
      for (let called = 0; called < managementLimits.ledgersPerEdit; called += ledgersAtATime) {
        const page = await tokens.list({ group }, after, ledgersAtATime);
        await Promise.all(page.map(({ policy }) => ledgers.configure(policy)));
        const last = page.at(-1);
        if (last === undefined || page.length < ledgersAtATime) return;
        after = { createdAtMs: last.createdAtMs, id: last.policy.tokenId };
      }
    } catch (error) {
      report('group-change-not-in-force', error);
      throw unavailable(
        'The change is stored, but will be in force for every token only within a minute: a ledger cannot be reached. Repeat the call.',
      );
    }
  }
}

const blank: Omit<Group, 'name'> = {
  version: 1,
  priceMultiplierMillionths: 1_000_000,
  models: [],
  channels: [],
  limits: {},
};

/** Throws a Problem that names `group` if there is no such group. */
export async function checkGroup(group: string | undefined, { groups }: ManagementServices): Promise<void> {
  if (group === undefined || group === 'default') return;
  if ((await groups.find(group)) === null) throw fieldProblem('group', 'there is no group of this name');
}
