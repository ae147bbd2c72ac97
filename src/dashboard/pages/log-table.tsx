// Rows of the request log; each opens to all that is known of the request.
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { Badge, count, dollars, TableFrame, Time } from './parts.tsx';
import { strings } from './strings.ts';

const words = () => strings().logs;

export const LogTable: FC<{ rows: readonly LogRowView[] }> = ({ rows }) => (
  <TableFrame label={words().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">{words().time}</th>
          <th scope="col">{words().status}</th>
          <th scope="col">{words().model}</th>
          <th scope="col" class="number">
            {words().tokensInOut}
          </th>
          <th scope="col" class="number">
            {words().cost}
          </th>
          <th scope="col" class="number">
            {words().firstByte}
          </th>
          <th scope="col">{words().details}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            <td>
              <Time at={row.created_at} />
            </td>
            <td>
              <Badge kind={row.status < 400 ? 'good' : row.status < 500 ? 'warn' : 'bad'}>
                {row.status}
                {row.error_code === null ? '' : ` ${row.error_code}`}
                {row.count > 1 ? ` ×${row.count}` : ''}
              </Badge>
            </td>
            <td>{row.requested_model ?? '–'}</td>
            <td class="number">{`${count(row.input_tokens)} / ${count(row.output_tokens)}`}</td>
            <td class="number">{row.cost_usd === null ? words().noPrice : dollars(row.cost_usd)}</td>
            <td class="number">{row.ttfb_ms === null ? '–' : `${count(row.ttfb_ms)} ms`}</td>
            <td>
              <Details row={row} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const Details: FC<{ row: LogRowView }> = ({ row }) => (
  <details class="row-details">
    <summary>{words().details}</summary>
    <p>
      <a href={`/dashboard/tokens/${row.token_id}`}>{words().token}</a>
    </p>
    <pre>{JSON.stringify(row, null, 2)}</pre>
  </details>
);
