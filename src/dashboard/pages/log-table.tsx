// Rows of the request log; each opens to show everything about the request.
import type { FC } from 'hono/jsx';
import type { LogRowView } from '../api/log-fields.ts';
import { messages } from '../i18n/messages.ts';
import { LogDetails } from './log-details.tsx';
import { Badge, count, milliseconds, moneyFormat, TableFrame, Time } from './parts.tsx';

const texts = () => messages().logs;

/** Names of tokens and channels, by id. */
export type Names = ReadonlyMap<string, string>;

interface TableFacts {
  rows: readonly LogRowView[];
  names: Names;
}

export const LogTable: FC<TableFacts> = ({ rows, names }) => (
  <TableFrame label={texts().title}>
    <table id="log" class="log">
      <thead>
        <tr>
          <th scope="col">{texts().time}</th>
          <th scope="col">{texts().status}</th>
          <th scope="col">{`${texts().model} · ${texts().token}`}</th>
          <th scope="col" class="number">
            {texts().tokensInOut}
          </th>
          <th scope="col" class="number">
            {texts().cost}
          </th>
          <th scope="col" class="number">
            {texts().firstByte}
          </th>
          <th scope="col">{texts().details}</th>
        </tr>
      </thead>
      <LogRows rows={rows} names={names} />
    </table>
  </TableFrame>
);

/** Renders only the rows, for the live log. Each row is a table body: the first line, and the part that opens. */
export const LogRows: FC<TableFacts> = ({ rows, names }) => {
  const money = moneyFormat(rows.map(({ cost_usd }) => cost_usd));
  return (
    <>
      {rows.map((row) => (
        <tbody id={row.id}>
          <tr>
            <td>
              <Time at={row.created_at} age />
            </td>
            <td>
              <StatusBadge row={row} />
            </td>
            <td class="name">
              {row.requested_model ?? '–'}
              <small>{names.get(row.token_id) ?? ''}</small>
              {row.error_message === null ? null : <small>{shortReason(row.error_message)}</small>}
            </td>
            <td class="number">{`${count(row.input_tokens)} / ${count(row.output_tokens)}`}</td>
            <td class="number">{row.cost_usd === null ? texts().noPrice : money(row.cost_usd)}</td>
            <td class="number">{milliseconds(row.ttfb_ms)}</td>
            <td>
              <details class="opener">
                <summary>{texts().details}</summary>
              </details>
            </td>
          </tr>
          <tr class="more">
            <td colspan={7}>
              <LogDetails row={row} names={names} />
            </td>
          </tr>
        </tbody>
      ))}
    </>
  );
};

/** Characters of a reason in the list. The details have all of it. */
const reasonCharacters = 140;

function shortReason(message: string): string {
  return message.length <= reasonCharacters ? message : `${message.slice(0, reasonCharacters - 1)}…`;
}

export const StatusBadge: FC<{ row: LogRowView }> = ({ row }) => (
  <Badge kind={row.status < 400 ? 'good' : row.status < 500 ? 'warn' : 'bad'}>
    {row.status}
    {row.error_code === null ? '' : ` ${row.error_code}`}
    {row.count > 1 ? ` ×${row.count}` : ''}
  </Badge>
);
