// The playground: real requests with the reader's own token, or with a pasted one. With script it is a conversation
// that streams (playground.js); without, the form is posted and the answer is in the page.
import { Hono } from 'hono';
import { matchesAny } from '../../lib/wildcard.ts';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import {
  answerText,
  errorOf,
  playgroundFormats,
  requestFor,
  requestText,
} from '../public/playground-formats.js';
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
import { Heading } from './parts.tsx';
import { type Exchange, PlaygroundForm } from './playground-form.tsx';

const texts = () => messages().playground;
type Format = keyof typeof playgroundFormats;

/** Own tokens to choose from: the newest ones. */
const tokensOffered = 100;

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

/** Sends the form's request, as if from outside. */
async function exchange(context: PageContext, values: Values): Promise<Exchange> {
  const format = formatOf(values);
  const secret = await secretOf(context, values);
  const asked = requestFor(format, chatOf(values, secret.token), false);
  const shown = { question: textOf(values, 'prompt'), request: requestText(asked, secret.token) };
  if (secret.error !== undefined) return { ...shown, ...notSent, error: secret.error };
  const request = new Request(new URL(context.req.url).origin + asked.path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...asked.headers },
    body: JSON.stringify(asked.body),
  });
  const started = Date.now();
  const response = await context.var.services.callModel(request);
  const raw = await response.text();
  const value = parsed(raw);
  return {
    ...shown,
    raw: value === undefined ? raw : JSON.stringify(value, null, 2),
    answer: response.ok ? answerText(format, value) : '',
    error: response.ok ? undefined : String(errorOf(value) ?? raw),
    status: response.status,
    durationMs: Date.now() - started,
    requestId: response.headers.get('x-request-id') ?? '',
  };
}

const notSent = { raw: '', answer: '', status: 0, durationMs: null, requestId: '' };

/** Returns a secret for the chosen token, else the pasted one, or what is wrong. */
async function secretOf(context: PageContext, values: Values): Promise<{ token: string; error?: string }> {
  const id = textOf(values, 'token_id');
  if (id !== '') {
    const path = `/tokens/${encodeURIComponent(id)}/playground-secret`;
    const made = await context.var.api<{ secret: string }>('POST', path);
    return made.ok ? { token: made.value.secret } : { token: '', error: made.detail };
  }
  // Joins a token that was copied with a line break. Text that no header can contain is not a token (a hint with
  // `…`, for example).
  const token = textOf(values, 'token').replace(/\s+/g, '');
  return /^[!-~]+$/.test(token) ? { token } : { token: '', error: texts().tokenWrong };
}

function chatOf(values: Values, token: string) {
  const number = (name: string) => {
    const text = textOf(values, name).trim();
    return text === '' ? {} : { [name === 'max_tokens' ? 'maxTokens' : name]: Number(text) };
  };
  return {
    token,
    model: textOf(values, 'model').trim(),
    turns: [{ role: 'user' as const, text: textOf(values, 'prompt') }],
    system: textOf(values, 'system'),
    effort: textOf(values, 'effort'),
    ...number('temperature'),
    ...number('max_tokens'),
  };
}

function formatOf(values: Values): Format {
  const asked = textOf(values, 'format');
  return Object.hasOwn(playgroundFormats, asked) ? (asked as Format) : 'openai';
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
  const { api, services, principal } = context.var;
  const id = context.req.query('token') ?? textOf(values, 'token_id');
  const account = encodeURIComponent(principal.accountId);
  const [served, token, own] = await Promise.all([
    servedModels(services),
    id === '' ? null : need(api<Token>('GET', `/tokens/${encodeURIComponent(id)}`)),
    // Without the key, the server can make no secret: tokens are pasted.
    services.encryptionKey === null
      ? { data: [] }
      : need(
          api<{ data: Token[] }>('GET', `/tokens?status=active&account=${account}&limit=${tokensOffered}`),
        ),
  ]);
  const isAny = token === null || token.models.length === 0;
  const models = isAny ? served : served.filter((model) => matchesAny(token.models, model));
  const content = (
    <>
      <Heading title={texts().title} lead={texts().lead} />
      <script src="/playground.js" type="module"></script>
      <PlaygroundForm tokens={own.data} token={token} models={models} values={values} exchange={exchange} />
    </>
  );
  return show(context, 'playground', texts().title, content);
}
