// Sums of usage by model, token, or channel, most expensive first.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { count, Empty, milliseconds, moneyFormat, TableFrame } from './parts.tsx';

const texts = () => messages().overview;

/** A row of /api/usage, as far as pages show it. */
export interface UsageRow {
  key: string;
  requests: number;
  errors?: number;
  /** By channel: attempts, which errors count then. */
  attempts?: number;
  input_tokens?: number;
  output_tokens?: number;
  cost_usd: number;
  /** The average. Null: not known. */
  ttfb_ms?: number | null;
  /** How many requests have it. */
  ttfb_requests?: number;
}

/** The most expensive ones are shown. */
export const shownRows = 10;

interface TableFacts {
  label: string;
  rows: readonly UsageRow[];
  nameOf?: (key: string) => string;
  /** Returns the page of what was used. */
  hrefOf: (key: string) => string;
  /** What the row without a key stands for. */
  none?: string;
}

export const UsageTable: FC<TableFacts> = ({ label, rows, nameOf = (key) => key, hrefOf, none = '–' }) => {
  const shown = rows.slice(0, shownRows);
  const money = moneyFormat(shown.map(({ cost_usd }) => cost_usd));
  return rows.length === 0 ? (
    <Empty>{texts().nothing}</Empty>
  ) : (
    <TableFrame label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{label}</th>
            {[texts().spend, texts().requests, texts().tokens, texts().errors, texts().firstByte].map(
              (name) => (
                <th scope="col" class="number">
                  {name}
                </th>
              ),
            )}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr>
              <td class="name">{row.key === '' ? none : <a href={hrefOf(row.key)}>{nameOf(row.key)}</a>}</td>
              <td class="number">{money(row.cost_usd)}</td>
              <td class="number">{count(row.requests)}</td>
              <td class="number">{count((row.input_tokens ?? 0) + (row.output_tokens ?? 0))}</td>
              <td class="number">{count(row.errors ?? 0)}</td>
              <td class="number">{milliseconds(row.ttfb_ms ?? null)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
};
