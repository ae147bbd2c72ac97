// The filters of the log: quick choices of status and time, the form, and the filters that are set, each with a link
// that removes it.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Choice, Field } from './form.tsx';

const texts = () => messages().logs;
const listAddress = '/dashboard/logs';

/** The filters in the page's address, by name. `range` is a preset, which `from` and `to` override. */
const filterNames = [
  ...(['token', 'account', 'model', 'channel', 'status', 'errors', 'error_code'] as const),
  ...(['end_user', 'session', 'tag', 'range', 'from', 'to'] as const),
] as const;

type FilterName = (typeof filterNames)[number];
export type Filters = { readonly [Name in FilterName]?: string | undefined };

/** Lengths of the presets. */
const rangesMs = { '15m': 900_000, '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;

/** Returns the filters that have a value. */
export function filtersOf(query: (name: string) => string | undefined): Filters {
  const set = filterNames.flatMap((name) => {
    const value = query(name)?.trim();
    return value ? [[name, value] as const] : [];
  });
  return Object.fromEntries(set);
}

/** Returns the page's address with these filters. */
export function addressWith(filters: Filters): string {
  const set = Object.entries(filters).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  const query = new URLSearchParams(set);
  return query.size === 0 ? listAddress : `${listAddress}?${query}`;
}

/**
 * Converts the filters for the management API. Times are UTC. The page's `to` is included: a day as a whole, a minute as a
 * whole.
 */
export function apiQuery({ range, from, to, ...same }: Filters, nowMs: number): URLSearchParams {
  const query = new URLSearchParams(same as Record<string, string>);
  if (range !== undefined && Object.hasOwn(rangesMs, range) && from === undefined && to === undefined)
    query.set('from', new Date(nowMs - rangesMs[range as keyof typeof rangesMs]).toISOString());
  if (from !== undefined) query.set('from', withZone(from));
  if (to !== undefined) query.set('to', endOf(to));
  return query;
}

/** Inputs have times without a zone and without seconds. */
function withZone(time: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(time) ? `${time}:00Z` : time;
}

function endOf(time: string): string {
  const stepMs = time.length === 10 ? 86_400_000 : 60_000;
  const startMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(time) ? Date.parse(withZone(time)) : Number.NaN;
  return Number.isNaN(startMs) ? time : new Date(startMs + stepMs).toISOString();
}

interface FilterFacts {
  filters: Filters;
  /** Empty: the reader sees no channels. */
  channels: readonly { id: string; name: string }[];
  isAdmin: boolean;
  models: readonly string[];
  errors: Record<string, string>;
}

export const LogFilters: FC<FilterFacts> = ({ filters, channels, isAdmin, models, errors }) => (
  <>
    <QuickChoices filters={filters} />
    <form method="get" class="filters">
      {filters.errors === undefined ? null : <input type="hidden" name="errors" value={filters.errors} />}
      {filters.range === undefined ? null : <input type="hidden" name="range" value={filters.range} />}
      <Field
        name="model"
        label={texts().model}
        placeholder="gpt-*"
        value={filters.model}
        error={errors.model}
        list="log-models"
        autocomplete="off"
      />
      <datalist id="log-models">
        {models.map((model) => (
          <option value={model} />
        ))}
      </datalist>
      <Field
        name="token"
        label={texts().token}
        placeholder={texts().tokenHelp}
        value={filters.token}
        error={errors.token}
      />
      {isAdmin ? (
        <>
          <Field
            name="account"
            label={texts().person}
            placeholder={texts().personHelp}
            value={filters.account}
            error={errors.account}
          />
          <Choice
            name="channel"
            label={texts().channel}
            value={filters.channel}
            error={errors.channel}
            options={channelOptions(channels, filters.channel)}
          />
        </>
      ) : null}
      <Field
        name="status"
        label={texts().status}
        placeholder={texts().statusHelp}
        value={filters.status}
        error={errors.status}
      />
      <Field
        name="error_code"
        label={texts().errorCode}
        value={filters.error_code}
        error={errors.error_code}
      />
      <Field name="end_user" label={texts().endUser} value={filters.end_user} error={errors.end_user} />
      <Field name="session" label={texts().session} value={filters.session} error={errors.session} />
      <Field
        name="tag"
        label={texts().tag}
        placeholder="project=apollo"
        value={filters.tag}
        error={errors.tag}
      />
      <Field
        name="from"
        label={texts().from}
        type="datetime-local"
        value={inputTime(filters.from, '00:00')}
        error={errors.from}
      />
      <Field
        name="to"
        label={texts().to}
        type="datetime-local"
        value={inputTime(filters.to, '23:59')}
        error={errors.to}
      />
      <button type="submit" class="secondary">
        {messages().form.filter}
      </button>
    </form>
    <ActiveFilters filters={filters} channels={channels} />
  </>
);

function channelOptions(channels: FilterFacts['channels'], chosen = '') {
  const isKnown = chosen === '' || channels.some(({ id }) => id === chosen);
  return [
    ['', messages().form.all] as const,
    ...channels.map(({ id, name }) => [id, name] as const),
    ...(isKnown ? [] : [[chosen, chosen] as const]),
  ];
}

/** Returns the value of an input that has a day and a time. */
function inputTime(value: string | undefined, timeOfDay: string): string {
  if (value === undefined) return '';
  return value.length === 10 ? `${value}T${timeOfDay}` : value.slice(0, 16);
}

const statusChoices = [
  ['', {}],
  ['errors', { errors: '1' }],
  ['4xx', { status: '4xx' }],
  ['429', { status: '429' }],
  ['5xx', { status: '5xx' }],
] as const satisfies readonly (readonly [string, Filters])[];

const QuickChoices: FC<{ filters: Filters }> = ({ filters }) => {
  const { errors, status, ...besidesStatus } = filters;
  const { range, from, to, ...besidesTime } = filters;
  const isChosen = (choice: Filters) => choice.errors === errors && choice.status === status;
  const isAnyTime = from === undefined && to === undefined;
  return (
    <div class="chips">
      <nav class="tabs" aria-label={texts().status}>
        {statusChoices.map(([name, choice]) => (
          <a
            href={addressWith({ ...besidesStatus, ...choice })}
            aria-current={isChosen(choice) ? 'true' : undefined}
          >
            {name === '' ? messages().form.all : name === 'errors' ? texts().errorsOnly : name}
          </a>
        ))}
      </nav>
      <nav class="tabs" aria-label={texts().time}>
        {(['', '15m', '1h', '24h', '7d'] as const).map((name) => (
          <a
            href={addressWith(name === '' ? besidesTime : { ...besidesTime, range: name })}
            aria-current={isAnyTime && (range ?? '') === name ? 'true' : undefined}
          >
            {texts().ranges[name]}
          </a>
        ))}
      </nav>
    </div>
  );
};

/** One link for each filter that the form has, and one for all. */
const ActiveFilters: FC<Pick<FilterFacts, 'filters' | 'channels'>> = ({ filters, channels }) => {
  const shown = filterNames.filter((name) => filters[name] !== undefined);
  if (shown.length === 0) return null;
  const channelName = channels.find(({ id }) => id === filters.channel)?.name;
  return (
    <ul class="chips active-filters">
      {shown.map((name) => {
        const text = `${labelOf(name)}: ${textOf(name, filters, channelName)}`;
        return (
          <li>
            <a href={addressWith({ ...filters, [name]: undefined })}>
              <span class="for-readers">{texts().remove} </span>
              {text} <span aria-hidden="true">×</span>
            </a>
          </li>
        );
      })}
      <li>
        <a href={listAddress} class="clear">
          {texts().clear}
        </a>
      </li>
    </ul>
  );
};

function labelOf(name: FilterName): string {
  const { token, person, errorCode, endUser, session, tag, time, status, model, channel, from, to } = texts();
  const labels = { token, account: person, error_code: errorCode, range: time, errors: status, status };
  return { ...labels, end_user: endUser, session, tag, model, channel, from, to }[name];
}

function textOf(name: FilterName, filters: Filters, channelName: string | undefined): string {
  const value = filters[name] ?? '';
  if (name === 'errors') return texts().errorsOnly;
  if (name === 'channel') return channelName ?? value;
  const ranges: Readonly<Record<string, string>> = texts().ranges;
  return name === 'range' ? (ranges[value] ?? value) : value.replace('T', ' ');
}
