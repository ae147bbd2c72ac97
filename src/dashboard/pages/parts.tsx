// The small parts of pages: money, times, states, bars, and pages of lists.
import type { FC, PropsWithChildren } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';

/** Formats money with at least cents, and as many digits as are significant. */
export function dollars(usd: number): string {
  const digits = usd === 0 || usd >= 1 ? 2 : usd >= 0.01 ? 4 : 9;
  const text = usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits });
  return `$${text}`;
}

/** Limits of the money in a column. */
export const moneyLimits = {
  /** Digits behind the point. Smaller amounts are shown as less than the smallest. */
  digits: 6,
} as const;

/**
 * Returns a format for a column of money: as many digits behind the point as its smallest amount needs for two that
 * are significant, so that the points line up.
 */
export function moneyFormat(amounts: readonly (number | null)[]): (usd: number) => string {
  const smallest = Math.min(...amounts.filter((usd): usd is number => usd !== null && usd > 0), 1);
  const digits = Math.min(moneyLimits.digits, Math.max(2, 1 - Math.floor(Math.log10(smallest))));
  const least = 10 ** -digits;
  const text = (usd: number) =>
    `$${usd.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
  return (usd) => (usd > 0 && usd < least ? `<${text(least)}` : text(usd));
}

/** Formats a price with all its digits. */
export function priceText(usd: number): string {
  return `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 12 })}`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** Formats whole milliseconds, or seconds where there are many. */
export function milliseconds(ms: number | null): string {
  if (ms === null) return '–';
  return ms < 10_000 ? `${count(Math.round(ms))} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function percent(part: number, whole: number): string {
  const share = whole === 0 ? 0 : (part / whole) * 100;
  return `${share.toLocaleString('en-US', { maximumFractionDigits: share < 10 ? 1 : 0 })}%`;
}

/**
 * Formats a time in UTC, to the second or to the minute. Script shows it in the browser's zone. `age`: script adds how
 * long ago it was.
 */
export const Time: FC<{ at: string | null; to?: 'second' | 'minute'; age?: boolean }> = ({
  at,
  to = 'second',
  age = false,
}) =>
  at === null ? (
    <span class="quiet">{messages().tokens.never}</span>
  ) : (
    <>
      <time datetime={at} data-parts={to === 'second' ? 3 : 2}>
        {`${at.slice(0, 10)} ${at.slice(11, to === 'second' ? 19 : 16)}`}
      </time>
      {age ? <small class="age"></small> : null}
    </>
  );

/** Formats the day in UTC. */
export const Day: FC<{ at: string }> = ({ at }) => <time datetime={at}>{at.slice(0, 10)}</time>;

export const Badge: FC<PropsWithChildren<{ kind: 'good' | 'bad' | 'warn' | 'off' }>> = ({
  kind,
  children,
}) => <span class={`badge ${kind}`}>{children}</span>;

export const Heading: FC<PropsWithChildren<{ title: string; lead?: string }>> = ({
  title,
  lead,
  children,
}) => (
  <div class="heading">
    <div>
      <h1>{title}</h1>
      {lead === undefined ? null : <p class="quiet">{lead}</p>}
    </div>
    <div class="actions">{children}</div>
  </div>
);

export const Empty: FC<PropsWithChildren> = ({ children }) => <div class="empty">{children}</div>;

/** Wraps a table so that it scrolls on narrow screens, with the keyboard too. */
export const TableFrame: FC<PropsWithChildren<{ label: string }>> = ({ label, children }) => (
  <section class="table" tabindex={0} aria-label={label}>
    {children}
  </section>
);

/** Renders what is spent of a quota, as a bar and as figures. `budgets`: further limits, in words. */
export const SpendBar: FC<{ spent: number; quota: number | null; budgets?: readonly string[] }> = ({
  spent,
  quota,
  budgets = [],
}) => (
  <div class="spend">
    <span>
      {dollars(spent)}{' '}
      <span class="quiet">
        {quota !== null
          ? `${messages().tokens.of} ${dollars(quota)}`
          : budgets.length === 0
            ? messages().tokens.unlimited
            : ''}
      </span>
      {budgets.map((budget) => (
        <small>{budget}</small>
      ))}
    </span>
    {quota === null ? null : (
      <progress value={Math.min(spent, quota)} max={quota} aria-label={messages().tokens.spent} />
    )}
  </div>
);

/** Pages that *Previous* can go back; further back it leads to the first. */
const rememberedPages = 20;

/**
 * Renders the links to the previous and the next page. Lists only go forward, so the address remembers the cursors of the
 * pages before (`back`); the first page has an empty one.
 */
export const Pager: FC<{ url: string; next: string | null }> = ({ url, next }) => {
  const cursor = new URL(url).searchParams.get('cursor') ?? '';
  const before = (new URL(url).searchParams.get('back') ?? '').split('.');
  if (cursor === '' && next === null) return null;
  return (
    <nav class="pager" aria-label={messages().form.pages}>
      {cursor === '' ? null : (
        <a href={pageAddress(url, before.at(-1) ?? '', before.slice(0, -1))}>{messages().form.previous}</a>
      )}
      {next === null ? null : (
        <a href={pageAddress(url, next, [...(cursor === '' ? [] : before), cursor])}>
          {messages().form.next}
        </a>
      )}
    </nav>
  );
};

function pageAddress(url: string, cursor: string, before: readonly string[]): string {
  const { pathname, searchParams } = new URL(url);
  for (const name of ['cursor', 'back']) searchParams.delete(name);
  if (cursor !== '') searchParams.set('cursor', cursor);
  if (cursor !== '' && before.length > 1) searchParams.set('back', before.slice(-rememberedPages).join('.'));
  return searchParams.size === 0 ? pathname : `${pathname}?${searchParams}`;
}
