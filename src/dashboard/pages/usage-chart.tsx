// Usage over time as stacked columns, drawn by the server, and the same figures as a table.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { moneyFormat, TableFrame } from './parts.tsx';

const texts = () => messages().usage;
const drawing = { width: 720, height: 160 } as const;

/** A group of the chart, with a value for each column. */
export interface Series {
  label: string;
  values: readonly number[];
}

interface ChartFacts {
  label: string;
  /** The columns' times, as /api/usage has them. */
  keys: readonly string[];
  series: readonly Series[];
  isMoney: boolean;
}

export const StackedChart: FC<ChartFacts> = ({ label, keys, series, isMoney }) => {
  const totals = keys.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const most = Math.max(...totals, 0);
  const format = isMoney ? moneyFormat(series.flatMap(({ values }) => values)) : countText;
  return (
    <>
      <figure class="chart stacked">
        <span class="quiet most">{format(most)}</span>
        <Drawing label={label} keys={keys} series={series} most={most} format={format} />
        <figcaption class="quiet">
          <span>{columnLabel(keys[0])}</span>
          <span>{columnLabel(keys.at(-1))}</span>
        </figcaption>
      </figure>
      <ul class="legend">
        {series.map(({ label: name }, index) => (
          <li>
            <svg class={`s${index}`} viewBox="0 0 10 10" aria-hidden="true">
              <rect width="10" height="10" rx="2" />
            </svg>
            {name}
          </li>
        ))}
      </ul>
      <details class="as-table">
        <summary>{messages().overview.asTable}</summary>
        <TimeTable label={label} keys={keys} series={series} totals={totals} format={format} />
      </details>
    </>
  );
};

type DrawingFacts = Omit<ChartFacts, 'isMoney'> & { most: number; format: (value: number) => string };

const Drawing: FC<DrawingFacts> = ({ label, keys, series, most, format }) => {
  const step = drawing.width / Math.max(keys.length, 1);
  return (
    <svg
      preserveAspectRatio="none"
      viewBox={`0 0 ${drawing.width} ${drawing.height}`}
      role="img"
      aria-label={label}
    >
      {keys.map((key, column) => {
        let top = drawing.height;
        return (
          <g>
            <title>{columnText(key, column, series, format)}</title>
            <rect class="hit" x={column * step} y={0} width={step} height={drawing.height} />
            {series.map(({ values }, index) => {
              const height = most === 0 ? 0 : ((values[column] ?? 0) / most) * drawing.height;
              top -= height;
              return height === 0 ? null : (
                <rect
                  class={`s${index}`}
                  x={(column * step + step * 0.1).toFixed(2)}
                  y={top.toFixed(2)}
                  width={(step * 0.8).toFixed(2)}
                  height={height.toFixed(2)}
                />
              );
            })}
          </g>
        );
      })}
    </svg>
  );
};

/** Returns what a column shows on hover: its time, and the groups that it has. */
function columnText(
  key: string,
  column: number,
  series: readonly Series[],
  format: (value: number) => string,
): string {
  const parts = series
    .filter(({ values }) => (values[column] ?? 0) > 0)
    .map(({ label, values }) => `${label}: ${format(values[column] ?? 0)}`);
  return [columnLabel(key), ...parts].join('\n');
}

const TimeTable: FC<Omit<DrawingFacts, 'most'> & { totals: readonly number[] }> = ({
  label,
  keys,
  series,
  totals,
  format,
}) => (
  <TableFrame label={label}>
    <table>
      <thead>
        <tr>
          <th scope="col">{messages().logs.time}</th>
          {[...series.map(({ label: name }) => name), texts().total].map((name) => (
            <th scope="col" class="number">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {keys.map((key, index) =>
          totals[index] === 0 ? null : (
            <tr>
              <td>{columnLabel(key)}</td>
              {[...series.map(({ values }) => values[index] ?? 0), totals[index] ?? 0].map((value) => (
                <td class="number">{format(value)}</td>
              ))}
            </tr>
          ),
        )}
      </tbody>
    </table>
  </TableFrame>
);

/** Shortens an hour's time; days and months stay. */
function columnLabel(key: string | undefined): string {
  if (key === undefined) return '';
  return key.length > 10 ? `${key.slice(5, 10)} ${key.slice(11, 16)}` : key;
}

function countText(value: number): string {
  return value.toLocaleString('en-US');
}
