// The parts of the pages about alerts: incidents, endpoints, their form, and their deliveries.
import type { FC } from 'hono/jsx';
import { alertEvents } from '../../alerts/alert-event.ts';
import { webhookFormats } from '../../alerts/webhook-body.ts';
import type { DeliveryView, EndpointView, IncidentView } from '../api/webhook-fields.ts';
import { messages } from '../i18n/messages.ts';
import { ActionButton, Choice, Choices, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { Badge, Empty, Heading, Pager, TableFrame, Time } from './parts.tsx';

const texts = () => messages().alerts;
const address = '/dashboard/alerts';

export interface AlertsFacts {
  incidents: readonly IncidentView[];
  endpoints: readonly EndpointView[];
}

export const AlertsOverview: FC<AlertsFacts> = ({ incidents, endpoints }) => (
  <>
    <Heading title={texts().title} lead={texts().lead}>
      <a href={`${address}/new`} class="button">
        {texts().add}
      </a>
    </Heading>
    <h2>{texts().incidents}</h2>
    {incidents.length === 0 ? (
      <p class="quiet">{texts().noIncidents}</p>
    ) : (
      <Incidents incidents={incidents} />
    )}
    <h2>{texts().endpoints}</h2>
    {endpoints.length === 0 ? (
      <Empty>
        <p>{texts().noEndpoints}</p>
      </Empty>
    ) : (
      <Endpoints endpoints={endpoints} />
    )}
  </>
);

const Incidents: FC<{ incidents: readonly IncidentView[] }> = ({ incidents }) => (
  <TableFrame label={texts().incidents}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().since}</th>
          <th scope="col">{texts().event}</th>
          <th scope="col">{texts().what}</th>
        </tr>
      </thead>
      <tbody>
        {incidents.map(({ opened_at, event, message }) => (
          <tr>
            <td>
              <Time at={opened_at} to="minute" />
            </td>
            <td class="wide">{texts().names[event]}</td>
            <td class="wide">{message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const Endpoints: FC<{ endpoints: readonly EndpointView[] }> = ({ endpoints }) => (
  <TableFrame label={texts().endpoints}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().url}</th>
          <th scope="col">{texts().format}</th>
          <th scope="col">{texts().events}</th>
          <th scope="col">{texts().test}</th>
        </tr>
      </thead>
      <tbody>
        {endpoints.map(({ id, url, format, events }) => (
          <tr>
            <td class="wide">
              <a href={`${address}/${id}`}>{url}</a>
            </td>
            <td>{texts().formats[format]}</td>
            <td class="wide">{events.join(', ') || texts().every}</td>
            <td>
              <ActionButton action={`${address}/${id}/test`}>{texts().test}</ActionButton>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

interface FormFacts {
  values: Values;
  errors: Record<string, string>;
  /** Where Cancel leads. */
  back: string;
  action?: string;
}

export const EndpointForm: FC<FormFacts> = ({ values, errors, back, action }) => (
  <form method="post" action={action}>
    <Field
      name="url"
      label={texts().url}
      help={texts().urlHelp}
      value={textOf(values, 'url')}
      error={errors.url}
      autocomplete="off"
      placeholder="https://"
      required
    />
    <Choice
      name="format"
      label={texts().format}
      value={textOf(values, 'format') || 'json'}
      error={errors.format}
      options={webhookFormats.map((format) => [format, texts().formats[format]] as const)}
    />
    <Choices
      name="events"
      label={texts().events}
      help={texts().eventsHelp}
      error={errors.events}
      chosen={listOf(values, 'events')}
      options={alertEvents.map((event) => [event, texts().names[event]] as const)}
    />
    <div class="actions">
      <button type="submit">{messages().form.submit}</button>
      <a href={back}>{messages().form.cancel}</a>
    </div>
  </form>
);

interface EndpointFacts {
  endpoint: EndpointView;
  values: Values;
  errors: Record<string, string>;
  deliveries: readonly DeliveryView[];
  next: string | null;
  pageUrl: string;
}

export const EndpointPage: FC<EndpointFacts> = ({ endpoint, values, errors, deliveries, next, pageUrl }) => (
  <>
    <Heading title={new URL(endpoint.url).host} lead={texts().formats[endpoint.format]}>
      <ActionButton action={`${address}/${endpoint.id}/test`}>{texts().test}</ActionButton>
      <a href={`${address}/${endpoint.id}/delete`} class="button outline danger small">
        {texts().delete}
      </a>
    </Heading>
    <div class="narrow">
      <EndpointForm values={values} errors={errors} back={address} action={`${address}/${endpoint.id}`} />
    </div>
    <h2>{texts().deliveries}</h2>
    {deliveries.length === 0 ? (
      <p class="quiet">{texts().noDeliveries}</p>
    ) : (
      <Deliveries deliveries={deliveries} />
    )}
    <Pager url={pageUrl} next={next} />
  </>
);

const kinds = { pending: 'warn', delivered: 'good', failed: 'bad' } as const;

const Deliveries: FC<{ deliveries: readonly DeliveryView[] }> = ({ deliveries }) => (
  <TableFrame label={texts().deliveries}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().sent}</th>
          <th scope="col">{texts().event}</th>
          <th scope="col">{texts().state}</th>
          <th scope="col" class="number">
            {texts().attempts}
          </th>
          <th scope="col">{texts().next}</th>
          <th scope="col">{texts().resend}</th>
        </tr>
      </thead>
      <tbody>
        {deliveries.map((delivery) => (
          <DeliveryRow delivery={delivery} />
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const DeliveryRow: FC<{ delivery: DeliveryView }> = ({ delivery }) => {
  const { id, endpoint_id, type, status, state, attempts, last_error, created_at, next_attempt_at } =
    delivery;
  return (
    <tr>
      <td>
        <Time at={created_at} />
      </td>
      <td class="wide">
        {type === 'test' ? texts().test : texts().names[type]}
        {status === null ? null : <small>{texts().statuses[status]}</small>}
      </td>
      <td class="wide">
        <Badge kind={kinds[state]}>{texts().states[state]}</Badge>
        {last_error === null ? null : <small>{last_error}</small>}
      </td>
      <td class="number">{attempts}</td>
      <td>{next_attempt_at === null ? '–' : <Time at={next_attempt_at} />}</td>
      <td>
        <ActionButton action={`${address}/${endpoint_id}/deliveries/${id}/resend`}>
          {texts().resend}
        </ActionButton>
      </td>
    </tr>
  );
};
