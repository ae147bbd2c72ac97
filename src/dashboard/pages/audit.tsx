// The audit: who changed what, and when.
import { Hono } from 'hono';
import type { AuditEvent } from '../api/audit-events.ts';
import { messages } from '../i18n/messages.ts';
import { show } from './layout.tsx';
import { need, type PageEnv } from './page-env.ts';
import { Empty, Heading, Pager, TableFrame, Time } from './parts.tsx';

const texts = () => messages().audit;

interface Change {
  id: string;
  at: string;
  account_id: string;
  method: string;
  path: string;
  detail: string;
  event: AuditEvent;
}

/** The route of /dashboard/audit. */
export function auditRoutes(): Hono<PageEnv> {
  return new Hono<PageEnv>().get('/', async (context) => {
    const { api, services } = context.var;
    const cursor = context.req.query('cursor');
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const [page, accounts] = await Promise.all([
      need(api<{ data: Change[]; next_cursor: string | null }>('GET', `/audit${query}`)),
      services.accounts.list(),
    ]);
    const names = new Map(accounts.map(({ id, name }) => [id, name]));
    const content = (
      <>
        <Heading title={texts().title} lead={texts().lead} />
        {page.data.length === 0 ? (
          <Empty>{texts().empty}</Empty>
        ) : (
          <ChangeTable changes={page.data} nameOf={(id) => names.get(id) ?? id} />
        )}
        <Pager url={context.req.url} next={page.next_cursor} />
      </>
    );
    return show(context, 'audit', texts().title, content);
  });
}

const ChangeTable = ({ changes, nameOf }: { changes: readonly Change[]; nameOf: (id: string) => string }) => (
  <TableFrame label={texts().title}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().time}</th>
          <th scope="col">{texts().who}</th>
          <th scope="col">{texts().what}</th>
          <th scope="col">{texts().detail}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map(({ at, account_id, method, path, detail, event }) => (
          <tr>
            <td>
              <Time at={at} />
            </td>
            <td>{account_id === '' ? texts().nobody : nameOf(account_id)}</td>
            <td>{event === 'change' ? <code>{`${method} ${path}`}</code> : texts().events[event]}</td>
            <td class="wide">
              <small>{detail}</small>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
