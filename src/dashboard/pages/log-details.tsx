// Everything about one request: its attempts, timing, usage, and cost.

import type { FC } from 'hono/jsx';
import { errorCodes } from '../../formats/api-errors.ts';
import type { LogRowView } from '../api/log-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Badge, count, dollars, milliseconds, priceText } from './parts.tsx';

const texts = () => messages().logs;

interface Facts {
  row: LogRowView;
  /** Names of tokens and channels, by id. */
  names: ReadonlyMap<string, string>;
}

export const LogDetails: FC<Facts> = ({ row, names }) => (
  <div class="log-details">
    {row.error_code === null ? null : <Reason row={row} />}
    <section>
      <h2>{texts().request}</h2>
      <List
        facts={[
          [texts().id, <code>{row.id}</code>],
          [texts().endpoint, `${row.format} · ${row.endpoint}`],
          [texts().model, modelText(row)],
          [
            texts().token,
            <a href={`/dashboard/tokens/${row.token_id}`}>{names.get(row.token_id) ?? row.token_id}</a>,
          ],
          [texts().stream, row.stream ? texts().yes : texts().no],
          ...attributionOf(row),
          ...(row.dropped.length === 0 ? [] : [[texts().dropped, row.dropped.join(', ')] as const]),
        ]}
      />
    </section>
    <section>
      <h2>{texts().timing}</h2>
      <List
        facts={[
          [texts().firstByte, milliseconds(row.ttfb_ms)],
          [texts().ownTime, milliseconds(ownMs(row))],
          [texts().duration, milliseconds(row.duration_ms)],
        ]}
      />
      <h2>{texts().attempts}</h2>
      <Attempts row={row} names={names} />
    </section>
    <section>
      <h2>{texts().usage}</h2>
      <List
        facts={[
          [texts().input, count(row.input_tokens)],
          [texts().cached, `${count(row.cached_tokens)} / ${count(row.cache_write_tokens)}`],
          [texts().output, count(row.output_tokens)],
          [texts().reasoning, count(row.reasoning_tokens)],
          [texts().source, sourceText(row.usage_source)],
        ]}
      />
    </section>
    <section>
      <h2>{texts().cost}</h2>
      <Cost row={row} />
    </section>
  </div>
);

/** Each leads to the rows with the same value. */
function attributionOf({ end_user, session, tags }: LogRowView): Fact[] {
  const link = (name: string, value: string) => (
    <a href={`/dashboard/logs?${name}=${encodeURIComponent(value)}`}>{value}</a>
  );
  return [
    ...(end_user === null ? [] : [[texts().endUser, link('end_user', end_user)] as const]),
    ...(session === null ? [] : [[texts().session, link('session', session)] as const]),
    ...tags.map((tag) => [texts().tag, link('tag', tag)] as const),
  ];
}

/** Why the request failed. */
const Reason: FC<{ row: LogRowView }> = ({ row: { error_code, error_class, error_message } }) => (
  <section>
    <h2>{texts().reason}</h2>
    <p>{error_message ?? texts().noReason}</p>
    <p class="quiet">
      {error_class === null ? error_code : `${error_code} · ${texts().errorClasses[error_class]}`}{' '}
      {isDocumented(error_code) ? <a href={`/docs/errors#${error_code}`}>{texts().remedy}</a> : null}
    </p>
  </section>
);

/** Other codes of the log name how a request ended: there is no section about them. */
function isDocumented(code: string | null): boolean {
  return errorCodes.some((known) => known === code);
}

/** Returns the relay's own time until the first byte, without the upstreams' time. Null: not known. */
function ownMs({ ttfb_ms, attempts }: Pick<LogRowView, 'ttfb_ms' | 'attempts'>): number | null {
  if (ttfb_ms === null || attempts.length === 0) return null;
  const upstreamsMs = attempts.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  return Math.max(0, ttfb_ms - upstreamsMs);
}

/** The names of the model on its way: requested, sent, and answering, each if it differs from the one before. */
function modelText({ requested_model, upstream_model, served_model }: LogRowView): string {
  if (requested_model === null) return '–';
  const names = [requested_model, upstream_model, served_model].filter((name) => name !== null);
  return [...new Set(names)].join(' → ');
}

function sourceText(source: LogRowView['usage_source']): string {
  if (source === null) return '–';
  return source === 'upstream' ? texts().fromUpstream : texts().estimated;
}

type Fact = readonly [name: string, value: unknown];

const List: FC<{ facts: readonly Fact[] }> = ({ facts }) => (
  <dl class="facts">
    {facts.map(([name, value]) => (
      <>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </>
    ))}
  </dl>
);

const Attempts: FC<Facts> = ({ row: { attempts }, names }) =>
  attempts.length === 0 ? (
    <p class="quiet">{texts().noAttempts}</p>
  ) : (
    <ol class="attempts">
      {attempts.map(({ channel_id, status, error, message, duration_ms }) => (
        <li>
          <Badge kind={isSuccess(status) ? 'good' : 'bad'}>{status ?? '–'}</Badge>{' '}
          {`${names.get(channel_id) ?? channel_id}, ${milliseconds(duration_ms)}`}
          {(message ?? error) === null ? null : <span class="quiet">{` ${message ?? error}`}</span>}
        </li>
      ))}
    </ol>
  );

function isSuccess(status: number | null): boolean {
  return status !== null && status >= 200 && status < 300;
}

const Cost: FC<{ row: LogRowView }> = ({ row: { cost_usd, charge } }) => (
  <>
    <p>{cost_usd === null ? texts().noPrice : dollars(cost_usd)}</p>
    {charge === null ? null : (
      <ul class="quiet">
        {charge.items.map(({ kind, count: times, usd, per, model }) => (
          <li>{`${model === undefined ? '' : `${model}: `}${kind} ${count(times)} × ${priceText(usd)} / ${count(per)}`}</li>
        ))}
        {charge.multiplier === 1 ? null : <li>{`× ${charge.multiplier}`}</li>}
        {charge.service_tier === null ? null : <li>{charge.service_tier}</li>}
      </ul>
    )}
  </>
);
