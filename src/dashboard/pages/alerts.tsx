// What needs action: channels that are down, tokens and accounts that are nearly used up, models without a price, and
// other open incidents.
// Each links to the page where it is fixed.
import type { FC } from 'hono/jsx';
import type { Incident } from '../../alerts/alert-event.ts';
import { alertText } from '../../alerts/alert-text.ts';
import { usdFromNano } from '../../lib/money.ts';
import type { LiveChannel } from '../../routing/catalog.ts';
import type { TargetHealth } from '../../routing/health.ts';
import type { TokenSummary } from '../../tokens/store.ts';
import { channelHealth, type HealthView } from '../api/channel-health.ts';
import { messages } from '../i18n/messages.ts';
import type { AccountNearBudget } from './alert-store.ts';
import { HealthBadge, lastErrorOf, worstHealth } from './channel-state.tsx';
import type { PageContext } from './page-env.ts';
import { dollars } from './parts.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().overview;

interface AwayChannel {
  id: string;
  name: string;
  health: HealthView;
  error: string | null;
  /** Not in the database: a channel of the environment. */
  isStored: boolean;
}

export interface Alerts {
  channels: AwayChannel[];
  tokens: TokenSummary[];
  accounts: AccountNearBudget[];
  /** The page about accounts, for this reader. */
  accountsAt: string;
  models: string[];
  /** Open incidents that nothing above shows. */
  incidents: readonly Incident[];
}

/** The data. `tokens` are those that are nearly used up, `models` those in use. */
interface Known {
  tokens: readonly TokenSummary[];
  accounts: AccountNearBudget[];
  models: readonly UsageRow[];
}

/** Members see their own tokens and account. */
export async function alertsOf(
  { var: { services, principal } }: PageContext,
  { tokens, accounts, models }: Known,
): Promise<Alerts> {
  const near = tokens.filter(
    ({ quotaNanoUsd, spentNanoUsd, status }) =>
      status === 'active' && quotaNanoUsd !== null && spentNanoUsd >= quotaNanoUsd * 0.9,
  );
  if (principal.role !== 'admin') {
    const shown = new Set(near.map(({ id }) => id));
    // A token's quota is low too when a request was refused although something is left.
    const incidents = (await services.alerts.openIncidents().catch(() => [])).filter(
      ({ event, subject, facts }) =>
        event === 'token.quota_low' && facts.account_id === principal.accountId && !shown.has(subject),
    );
    return { channels: [], tokens: near, accounts, accountsAt: '/dashboard/account', models: [], incidents };
  }
  const free = models.filter(
    ({ cost_usd, requests, errors = 0, key }) => cost_usd === 0 && requests > errors && key !== '',
  );
  const [live, health, unpriced, open] = await Promise.all([
    services.liveChannels(),
    services.channelHealth(),
    services.unpricedModels(free.map(({ key }) => key)),
    services.alerts.openIncidents().catch(() => []),
  ]);
  const channels = awayChannels(live, health, services.now());
  const shown = new Set([...channels, ...near, ...accounts].map(({ id }) => id).concat(unpriced));
  const incidents = open.filter(({ subject }) => !shown.has(subject.split('/')[0] ?? ''));
  return { channels, tokens: near, accounts, accountsAt: '/dashboard/people', models: unpriced, incidents };
}

function awayChannels(
  live: readonly LiveChannel[],
  health: Readonly<Record<string, TargetHealth>>,
  nowMs: number,
): AwayChannel[] {
  return live.flatMap(({ id, name, keys, plainKeys }) => {
    const view = channelHealth(id, keys, health, nowMs);
    const worst = worstHealth(view);
    if (worst.state === 'ready') return [];
    return [
      { id, name, health: worst, error: lastErrorOf(view)?.text ?? null, isStored: plainKeys === null },
    ];
  });
}

/** Incidents in the list. The page about alerts has all. */
const mostIncidents = 10;

export const AlertList: FC<{ alerts: Alerts }> = ({ alerts }) => {
  const { channels, tokens, accounts, accountsAt, models, incidents } = alerts;
  if ([channels, tokens, accounts, models, incidents].every(({ length }) => length === 0)) return null;
  return (
    <article class="attention">
      <h2>{texts().attention}</h2>
      <ul>
        {channels.map(({ id, name, health, error, isStored }) => (
          <li>
            <HealthBadge health={health} isTried />{' '}
            <a href={isStored ? `/dashboard/channels/${id}` : '/dashboard/channels'}>{name}</a>
            {error === null ? null : <span class="quiet">{` ${error}`}</span>}
          </li>
        ))}
        {tokens.map(({ id, name, spentNanoUsd, quotaNanoUsd }) => (
          <Spent
            label={messages().logs.token}
            href={`/dashboard/tokens/${id}`}
            name={name}
            spentNanoUsd={spentNanoUsd}
            ofNanoUsd={quotaNanoUsd ?? 0}
          />
        ))}
        {accounts.map(({ name, spentNanoUsd, budgetNanoUsd }) => (
          <Spent
            label={texts().accountBudget}
            href={accountsAt}
            name={name}
            spentNanoUsd={spentNanoUsd}
            ofNanoUsd={budgetNanoUsd}
          />
        ))}
        {models.map((model) => (
          <li>
            {`${messages().models.none}: `}
            <a href={`/dashboard/models?price=${encodeURIComponent(model)}#set-price`}>{model}</a>
          </li>
        ))}
        {incidents.slice(0, mostIncidents).map(({ event, subject, facts }) => (
          <li>
            <a href={pageAbout(event, subject)}>{messages().alerts.names[event]}</a>
            <span class="quiet">{` ${alertText(event, 'opened', facts)}`}</span>
          </li>
        ))}
      </ul>
    </article>
  );
};

/** Returns the page where an incident is fixed. */
function pageAbout(event: Incident['event'], subject: string): string {
  const [id = ''] = subject.split('/');
  if (event === 'token.quota_low') return `/dashboard/tokens/${id}`;
  return event.startsWith('channel.') ? `/dashboard/channels/${id}` : '/dashboard/alerts';
}

interface SpentFacts {
  label: string;
  href: string;
  name: string;
  spentNanoUsd: number;
  ofNanoUsd: number;
}

const Spent: FC<SpentFacts> = ({ label, href, name, spentNanoUsd, ofNanoUsd }) => (
  <li>
    {`${label} `}
    <a href={href}>{name}</a>
    {`: ${dollars(usdFromNano(spentNanoUsd))} ${messages().tokens.of} ${dollars(usdFromNano(ofNanoUsd))}`}
  </li>
);
