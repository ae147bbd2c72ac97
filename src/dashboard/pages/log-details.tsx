// All that is known of one request: where it went, how long that took, what was used, and what it cost.
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { strings } from '../i18n/messages.ts';
import { Badge, count, dollars, milliseconds, priceText } from './parts.tsx';

const words = () => strings().logs;

interface Facts {
  row: LogRowView;
  /** Of tokens and channels, by their ids. */
  names: ReadonlyMap<string, string>;
}

export const LogDetails: FC<Facts> = ({ row, names }) => (
  <div class="log-details">
    <section>
      <h3>{words().request}</h3>
      <List
        facts={[
          [words().id, <code>{row.id}</code>],
          [words().endpoint, `${row.format} · ${row.endpoint}`],
          [words().model, modelText(row)],
          [
            words().token,
            <a href={`/dashboard/tokens/${row.token_id}`}>{names.get(row.token_id) ?? row.token_id}</a>,
          ],
          [words().stream, row.stream ? words().yes : words().no],
          ...(row.dropped.length === 0 ? [] : [[words().dropped, row.dropped.join(', ')] as const]),
        ]}
      />
    </section>
    <section>
      <h3>{words().timing}</h3>
      <List
        facts={[
          [words().firstByte, milliseconds(row.ttfb_ms)],
          [words().ownTime, milliseconds(ownMs(row))],
          [words().duration, milliseconds(row.duration_ms)],
        ]}
      />
      <h3>{words().attempts}</h3>
      <Attempts row={row} names={names} />
    </section>
    <section>
      <h3>{words().usage}</h3>
      <List
        facts={[
          [words().input, count(row.input_tokens)],
          [words().cached, `${count(row.cached_tokens)} / ${count(row.cache_write_tokens)}`],
          [words().output, count(row.output_tokens)],
          [words().reasoning, count(row.reasoning_tokens)],
          [words().source, sourceText(row.usage_source)],
        ]}
      />
    </section>
    <section>
      <h3>{words().cost}</h3>
      <Cost row={row} />
    </section>
  </div>
);

/** What the relay itself took until the first byte: all that was not an upstream's. null: it is not known. */
function ownMs({ ttfb_ms, attempts }: Pick<LogRowView, 'ttfb_ms' | 'attempts'>): number | null {
  if (ttfb_ms === null || attempts.length === 0) return null;
  const upstreamsMs = attempts.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  return Math.max(0, ttfb_ms - upstreamsMs);
}

function modelText({ requested_model, upstream_model }: LogRowView): string {
  if (requested_model === null) return '–';
  const isSame = upstream_model === null || upstream_model === requested_model;
  return isSame ? requested_model : `${requested_model} → ${upstream_model}`;
}

function sourceText(source: LogRowView['usage_source']): string {
  if (source === null) return '–';
  return source === 'upstream' ? words().fromUpstream : words().estimated;
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
    <p class="quiet">{words().noAttempts}</p>
  ) : (
    <ol class="attempts">
      {attempts.map(({ channel_id, status, error, duration_ms }) => (
        <li>
          <Badge kind={error === null ? 'good' : 'bad'}>{status ?? '–'}</Badge>{' '}
          {`${names.get(channel_id) ?? channel_id}, ${milliseconds(duration_ms)}`}
          {error === null ? null : <span class="quiet">{` ${error}`}</span>}
        </li>
      ))}
    </ol>
  );

const Cost: FC<{ row: LogRowView }> = ({ row: { cost_usd, charge } }) => (
  <>
    <p>{cost_usd === null ? words().noPrice : dollars(cost_usd)}</p>
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
