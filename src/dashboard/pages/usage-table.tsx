// Sums of usage by what was used: dearest first.
import type { FC } from 'hono/jsx';
import { count, dollars, Empty, TableFrame } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().overview;

/** A row of /api/usage, as far as pages show it. */
export interface UsageRow {
  key: string;
  requests: number;
  errors?: number;
  input_tokens?: number;
  output_tokens?: number;
  cost_usd: number;
  /** On average; null: not known of any. */
  ttfb_ms?: number | null;
}

/** The dearest are shown. */
export const shownRows = 10;

interface TableFacts {
  label: string;
  rows: readonly UsageRow[];
  nameOf: (key: string) => string;
}

export const UsageTable: FC<TableFacts> = ({ label, rows, nameOf }) =>
  rows.length === 0 ? (
    <Empty>{words().nothing}</Empty>
  ) : (
    <TableFrame label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{label}</th>
            <th scope="col" class="number">
              {words().requests}
            </th>
            <th scope="col" class="number">
              {words().errors}
            </th>
            <th scope="col" class="number">
              {words().spend}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shownRows).map(({ key, requests, errors = 0, cost_usd }) => (
            <tr>
              <td class="wide">{nameOf(key) || '–'}</td>
              <td class="number">{count(requests)}</td>
              <td class="number">{count(errors)}</td>
              <td class="number">{dollars(cost_usd)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </TableFrame>
  );
