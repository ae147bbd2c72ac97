// The playground: a real request with a pasted token. With script it streams (playground.js); without, the form is
// posted and the answer is in the page.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { matchesAny } from '../../lib/wildcard.ts';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Choice, Field } from './form.tsx';
import { show } from './layout.tsx';
import {
  formOf,
  need,
  type PageContext,
  type PageEnv,
  servedModels,
  textOf,
  type Values,
} from './page-env.ts';
import { Heading, milliseconds } from './parts.tsx';
import {
  answerOf,
  blanks,
  type PlaygroundFormat,
  playgroundFormats,
  playgroundRequest,
  requestText,
} from './playground-request.ts';

const texts = () => messages().playground;

interface Exchange {
  request: string;
  raw: string;
  answer: string;
  error: string | undefined;
  status: number;
  durationMs: number | null;
  requestId: string;
}

/** The routes under /dashboard/playground. */
export function playgroundRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showPlayground(context, { model: context.req.query('model') ?? '' }));
  routes.post('/', async (context) => {
    const values = await formOf(context);
    return showPlayground(context, values, await exchange(context, values));
  });
  return routes;
}

async function exchange(context: PageContext, values: Values): Promise<Exchange> {
  const format = formatOf(values);
  // Joins a token that was copied with a line break. Text that no header can contain is not a token (a hint with
  // `…`, for example).
  const token = textOf(values, 'token').replace(/\s+/g, '');
  const question = { token, model: textOf(values, 'model').trim(), prompt: textOf(values, 'prompt') };
  const asked = playgroundRequest(format, question, false);
  if (!/^[!-~]*$/.test(token)) return notSent(requestText(asked, token));
  const request = new Request(new URL(context.req.url).origin + asked.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...asked.headers },
    body: JSON.stringify(asked.body),
  });
  const started = Date.now();
  const response = await context.var.services.callModel(request);
  const raw = await response.text();
  const value = parsed(raw);
  const reply = answerOf(format, value);
  return {
    request: requestText(asked, token),
    raw: value === undefined ? raw : JSON.stringify(value, null, 2),
    answer: reply?.text ?? '',
    error: response.ok ? undefined : (reply?.error ?? raw),
    status: response.status,
    durationMs: Date.now() - started,
    requestId: response.headers.get('x-request-id') ?? '',
  };
}

function notSent(request: string): Exchange {
  const error = texts().tokenWrong;
  return { request, raw: '', answer: '', error, status: 0, durationMs: null, requestId: '' };
}

function formatOf(values: Values): PlaygroundFormat {
  const asked = textOf(values, 'format');
  return Object.hasOwn(playgroundFormats, asked) ? (asked as PlaygroundFormat) : 'openai';
}

/** Returns undefined if it is not JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function showPlayground(context: PageContext, values: Values, exchange?: Exchange) {
  const id = context.req.query('token');
  const [served, token] = await Promise.all([
    servedModels(context.var.services),
    id === undefined ? null : need(context.var.api<Token>('GET', `/tokens/${encodeURIComponent(id)}`)),
  ]);
  const isAny = token === null || token.models.length === 0;
  const models = isAny ? served : served.filter((model) => matchesAny(token.models, model));
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead} />
      <script src="/playground.js" type="module"></script>
      <div class="columns playground">
        <Question token={token} models={models} values={values} />
        <Outcome exchange={exchange} />
      </div>
    </>
  );
  return show(context, 'playground', texts().title, content);
}

/** The requests for the script, with placeholders for the form's fields. */
function wires(): string {
  const formats = Object.keys(playgroundFormats) as PlaygroundFormat[];
  return JSON.stringify(
    Object.fromEntries(formats.map((format) => [format, playgroundRequest(format, blanks, true)])),
  );
}

const Question: FC<{ token: Token | null; models: readonly string[]; values: Values }> = ({
  token,
  models,
  values,
}) => (
  <form method="post" id="playground" data-wires={wires()} data-blanks={JSON.stringify(blanks)}>
    <Field
      name="token"
      label={texts().token}
      help={
        token === null
          ? texts().tokenHelp
          : `${texts().valueOf} ${token.name} (${token.hint}). ${texts().tokenHelp}`
      }
      type="password"
      autocomplete="off"
      required
    />
    <div class="row">
      <Field
        name="model"
        label={texts().model}
        list="models"
        value={textOf(values, 'model') || (token === null ? '' : (models[0] ?? ''))}
        autocomplete="off"
        required
      />
      <Choice
        name="format"
        label={texts().format}
        value={textOf(values, 'format') || 'openai'}
        options={Object.entries(playgroundFormats)}
      />
    </div>
    <datalist id="models">
      {models.map((model) => (
        <option value={model} />
      ))}
    </datalist>
    <Field
      name="prompt"
      label={texts().prompt}
      rows={6}
      value={textOf(values, 'prompt') || texts().hello}
      required
    />
    <div class="actions">
      <button type="submit" id="send">
        {texts().send}
      </button>
      <button type="button" id="stop" class="secondary" hidden>
        {texts().stop}
      </button>
    </div>
  </form>
);

const Outcome: FC<{ exchange: Exchange | undefined }> = ({ exchange }) => {
  const { status, durationMs, requestId } = exchange ?? { status: 0, durationMs: null, requestId: '' };
  return (
    <div
      id="outcome"
      data-waiting={texts().waiting}
      data-stopped={texts().stopped}
      data-no-price={messages().logs.noPrice}
      data-late={texts().late}
      data-wrong-token={texts().tokenWrong}
    >
      {exchange?.error === undefined ? null : <Alert>{exchange.error}</Alert>}
      <p role="alert" class="alert error" id="trouble" hidden></p>
      <h2>{texts().answer}</h2>
      <pre id="answer" tabindex={0} aria-live="polite">
        {exchange?.answer ?? ''}
      </pre>
      <dl class="facts" id="figures" hidden={exchange === undefined}>
        <Figure name="status" label={messages().logs.status} value={status === 0 ? '' : String(status)} />
        <Figure name="total" label={messages().logs.duration} value={milliseconds(durationMs)} />
        <Figure name="first" label={texts().firstByte} value="–" />
        <Figure name="own" label={texts().ownTime} value="–" />
        <Figure name="tokens" label={messages().logs.tokensInOut} value="–" />
        <Figure name="cost" label={messages().logs.cost} value="–" />
      </dl>
      <p>
        <a id="in-log" href={`/dashboard/logs/${encodeURIComponent(requestId)}`} hidden={requestId === ''}>
          {texts().inLog}
        </a>
      </p>
      <details>
        <summary>{texts().request}</summary>
        <pre id="request" tabindex={0}>
          {exchange?.request ?? ''}
        </pre>
      </details>
      <details>
        <summary>{texts().raw}</summary>
        <pre id="raw" tabindex={0}>
          {exchange?.raw ?? ''}
        </pre>
      </details>
    </div>
  );
};

const Figure: FC<{ name: string; label: string; value: string }> = ({ name, label, value }) => (
  <>
    <dt>{label}</dt>
    <dd id={`figure-${name}`}>{value}</dd>
  </>
);
