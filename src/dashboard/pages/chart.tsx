// Usage over time: the server draws columns of spend, script (chart.js, over uPlot) adds requests and errors, and
// a table shows the same figures.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { count, dollars, milliseconds, moneyFormat, TableFrame } from './parts.tsx';
import type { UsageRow } from './usage-table.tsx';

const texts = () => messages().overview;
const stepMs = { hour: 3_600_000, day: 86_400_000 } as const;

/** An hour or a day of the chart. */
interface Column {
  label: string;
  atMs: number;
  usage: UsageRow;
}

interface ChartFacts {
  label: string;
  rows: readonly UsageRow[];
  by: 'hour' | 'day';
  /** In the first and in the last column. */
  fromMs: number;
  toMs: number;
}

export const Chart: FC<ChartFacts> = ({ label, rows, by, fromMs, toMs }) => {
  const columns = columnsOf(rows, by, fromMs, toMs);
  const total = columns.reduce((sum, { usage }) => sum + usage.cost_usd, 0);
  const points = {
    by,
    at: columns.map(({ atMs }) => atMs / 1_000),
    usd: columns.map(({ usage }) => usage.cost_usd),
    requests: columns.map(({ usage }) => usage.requests),
    errors: columns.map(({ usage }) => usage.errors ?? 0),
    words: {
      time: messages().logs.time,
      usd: texts().spend,
      requests: texts().requests,
      errors: texts().errors,
    },
  };
  return (
    <>
      <link rel="stylesheet" href="/uplot.min.css" />
      <script src="/uplot.min.js" defer></script>
      <script src="/chart.js" defer></script>
      <figure class="chart" data-chart={JSON.stringify(points)} data-label={`${label}: ${dollars(total)}`}>
        <Drawing label={`${label}: ${dollars(total)}`} columns={columns} />
        <figcaption class="quiet">
          <span>{columns[0]?.label ?? ''}</span>
          <span>{columns.at(-1)?.label ?? ''}</span>
        </figcaption>
      </figure>
      <details class="as-table">
        <summary>{texts().asTable}</summary>
        <ColumnTable label={label} columns={columns.filter(({ usage }) => usage.requests > 0)} />
      </details>
    </>
  );
};

const drawing = { width: 720, height: 120 } as const;

const Drawing: FC<{ label: string; columns: readonly Column[] }> = ({ label, columns }) => {
  const most = Math.max(...columns.map(({ usage }) => usage.cost_usd), 0.000000001);
  const step = drawing.width / Math.max(columns.length, 1);
  return (
    <svg
      preserveAspectRatio="none"
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      role="img"
      aria-label={label}
    >
      {columns.map(({ label: name, usage: { cost_usd } }, index) => {
        const height = cost_usd === 0 ? 1 : Math.max(2, (cost_usd / most) * (drawing.height - 4));
        return (
          <rect
            x={index * step + 1}
            y={drawing.height - height}
            width={Math.max(1, step - 2)}
            height={height}
          >
            <title>{`${name}: ${dollars(cost_usd)}`}</title>
          </rect>
        );
      })}
    </svg>
  );
};

const ColumnTable: FC<{ label: string; columns: readonly Column[] }> = ({ label, columns }) => {
  const money = moneyFormat(columns.map(({ usage }) => usage.cost_usd));
  return (
    <TableFrame label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{messages().logs.time}</th>
            {[texts().spend, texts().requests, texts().errors, texts().firstByte].map((name) => (
              <th scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {columns.map(({ label: name, usage: { cost_usd, requests, errors = 0, ttfb_ms = null } }) => (
            <tr>
              <td>{name}</td>
              <td class="number">{money(cost_usd)}</td>
              <td class="number">{count(requests)}</td>
              <td class="number">{count(errors)}</td>
              <td class="number">{milliseconds(ttfb_ms)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
};

/** Returns every hour or day of the range, including those without a request. */
function columnsOf(rows: readonly UsageRow[], by: 'hour' | 'day', fromMs: number, toMs: number): Column[] {
  const known = new Map(rows.map((row) => [row.key, row]));
  const step = stepMs[by];
  const first = Math.floor(fromMs / step);
  return Array.from({ length: Math.floor(toMs / step) - first + 1 }, (_, index) => {
    const atMs = (first + index) * step;
    const iso = new Date(atMs).toISOString();
    const key = by === 'hour' ? iso : iso.slice(0, 10);
    const label = by === 'hour' ? `${iso.slice(5, 10)} ${iso.slice(11, 16)}` : key;
    return { label, atMs, usage: known.get(key) ?? { key, requests: 0, cost_usd: 0 } };
  });
}
