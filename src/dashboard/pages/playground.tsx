// The playground: a real request with a token that is pasted. With script it streams (playground.js); without, the
// form is posted and the answer comes in the page.
import { Hono } from 'hono';
import type { FC } from 'hono/jsx';
import { Choice, Field } from './form.tsx';
import { show } from './layout.tsx';
import { formOf, type PageContext, type PageEnv, textOf, type Values } from './page-env.ts';
import { Heading } from './parts.tsx';
import { type PlaygroundFormat, playgroundFormats, playgroundRequest } from './playground-request.ts';
import { servedModels } from './served-models.ts';
import { strings } from './strings.ts';

const words = () => strings().playground;

interface Exchange {
  request: string;
  answer: string;
}

/** The routes under /dashboard/playground. */
export function playgroundRoutes(): Hono<PageEnv> {
  const routes = new Hono<PageEnv>();
  routes.get('/', (context) => showPlayground(context, { model: context.req.query('model') ?? '' }));
  routes.post('/', async (context) => {
    const values = await formOf(context);
    const origin = new URL(context.req.url).origin;
    const request = playgroundRequest(origin, formatOf(values), {
      token: textOf(values, 'token').trim(),
      model: textOf(values, 'model').trim(),
      prompt: textOf(values, 'prompt'),
    });
    const said = await request.clone().text();
    const started = Date.now();
    const response = await context.var.services.callModel(request);
    const answer = `${response.status} · ${Date.now() - started} ms\n\n${pretty(await response.text())}`;
    const shown = `${request.method} ${new URL(request.url).pathname}\n\n${pretty(said)}`;
    return showPlayground(context, values, { request: shown, answer });
  });
  return routes;
}

function formatOf(values: Values): PlaygroundFormat {
  const asked = textOf(values, 'format');
  return playgroundFormats.find((format) => format === asked) ?? 'openai';
}

async function showPlayground(context: PageContext, values: Values, exchange?: Exchange) {
  const models = await servedModels(context.var.services);
  const content = <Playground models={models} values={values} exchange={exchange} />;
  return show(context, 'playground', words().title, content);
}

const Playground: FC<{ models: readonly string[]; values: Values; exchange: Exchange | undefined }> = ({
  models,
  values,
  exchange,
}) => (
  <>
    <Heading title={words().title} lead={words().lead} />
    <script src="/playground.js" type="module"></script>
    <div class="columns">
      <form method="post" id="playground">
        <Field
          name="token"
          label={words().token}
          help={words().tokenHelp}
          type="password"
          autocomplete="off"
          required
        />
        <div class="row">
          <Field name="model" label={words().model} list="models" value={textOf(values, 'model')} required />
          <Choice
            name="format"
            label={words().format}
            value={textOf(values, 'format') || 'openai'}
            options={[
              ['openai', 'OpenAI'],
              ['anthropic', 'Anthropic'],
              ['gemini', 'Gemini'],
            ]}
          />
        </div>
        <datalist id="models">
          {models.map((model) => (
            <option value={model} />
          ))}
        </datalist>
        <Field
          name="prompt"
          label={words().prompt}
          rows={5}
          value={textOf(values, 'prompt') || 'Hello'}
          required
        />
        <button type="submit">{words().send}</button>
      </form>
      <div>
        <h2>{words().answer}</h2>
        <pre id="answer" tabindex={0} aria-live="polite" data-waiting={words().waiting}>
          {exchange?.answer ?? ''}
        </pre>
        <h2>{words().request}</h2>
        <pre id="request" tabindex={0}>
          {exchange?.request ?? ''}
        </pre>
      </div>
    </div>
  </>
);

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
