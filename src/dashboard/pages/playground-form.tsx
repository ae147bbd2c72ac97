// The playground's conversation and settings.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { efforts, playgroundFormats } from '../public/playground-formats.js';
import { Alert, Choice, Field } from './form.tsx';
import { textOf, type Values } from './page-env.ts';
import { milliseconds } from './parts.tsx';

const texts = () => messages().playground;

/** A request without script, and its answer. */
export interface Exchange {
  question: string;
  request: string;
  raw: string;
  answer: string;
  error: string | undefined;
  status: number;
  durationMs: number | null;
  requestId: string;
}

interface FormFacts {
  /** The reader's own. */
  tokens: readonly Token[];
  /** The one that the page was opened for. */
  token: Token | null;
  models: readonly string[];
  values: Values;
  exchange: Exchange | undefined;
}

/** For the script. */
function scriptTexts(): string {
  const {
    stopped,
    waiting,
    inLog,
    firstByte,
    tokens,
    perSecond,
    tokenWrong,
    image,
    removeImage,
    wrongImage,
  } = texts();
  return JSON.stringify({
    ...{ stopped, waiting, inLog, firstByte, tokens, perSecond, image, removeImage, wrongImage },
    wrongToken: tokenWrong,
    noPrice: messages().logs.noPrice,
    copied: messages().form.copied,
  });
}

export const PlaygroundForm: FC<FormFacts> = ({ tokens, token, models, values, exchange }) => (
  <form method="post" id="playground" class="playground" data-texts={scriptTexts()}>
    <div class="conversation">
      <ol id="turns" aria-live="polite">
        {exchange === undefined || exchange.error !== undefined ? null : <Turns exchange={exchange} />}
      </ol>
      {exchange?.error === undefined ? null : <Alert>{exchange.error}</Alert>}
      <p role="alert" class="alert error" id="trouble" hidden></p>
      <Composer values={values} />
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
    <Settings tokens={tokens} token={token} models={models} values={values} />
  </form>
);

const Turns: FC<{ exchange: Exchange }> = ({
  exchange: { question, answer, status, durationMs, requestId },
}) => (
  <>
    <li class="user">
      <div class="said">{question}</div>
    </li>
    <li class="assistant">
      <pre id="answer" tabindex={0}>
        {answer}
      </pre>
      <small class="caption">
        {`${messages().logs.status} ${status} · ${milliseconds(durationMs)} · `}
        <a href={`/dashboard/logs/${encodeURIComponent(requestId)}`}>{texts().inLog}</a>
      </small>
    </li>
  </>
);

const Composer: FC<{ values: Values }> = ({ values }) => (
  <>
    <Field
      name="prompt"
      label={texts().prompt}
      help={texts().promptHelp}
      rows={3}
      value={textOf(values, 'prompt') || texts().hello}
      required
    />
    <div id="images"></div>
    <div class="actions">
      <button type="submit" id="send">
        {texts().send}
      </button>
      <button type="button" id="stop" class="secondary" hidden>
        {texts().stop}
      </button>
      <label class="with-script attach" hidden>
        {texts().addImage}
        <input type="file" id="image" accept="image/png,image/jpeg,image/webp,image/gif" multiple />
      </label>
      <button type="button" id="fresh" class="with-script outline secondary" hidden>
        {texts().fresh}
      </button>
      <span class="with-script copies" hidden>
        {texts().copyAs}
        {(['curl', 'python', 'node'] as const).map((code) => (
          <button type="button" class="outline small" data-code={code}>
            {texts().codes[code]}
          </button>
        ))}
      </span>
    </div>
  </>
);

type SettingsFacts = Omit<FormFacts, 'exchange'>;

const Settings: FC<SettingsFacts> = ({ tokens, token, models, values }) => (
  <article class="settings">
    <h2>{texts().settings}</h2>
    <TokenFields tokens={tokens} token={token} values={values} />
    <Field
      name="model"
      label={texts().model}
      list="models"
      value={textOf(values, 'model') || (models[0] ?? '')}
      autocomplete="off"
      required
    />
    <datalist id="models">
      {models.map((model) => (
        <option value={model} />
      ))}
    </datalist>
    <Choice
      name="format"
      label={texts().format}
      value={textOf(values, 'format') || 'openai'}
      options={Object.entries(playgroundFormats)}
    />
    <Field name="system" label={texts().system} rows={3} value={textOf(values, 'system')} />
    <details>
      <summary>{texts().parameters}</summary>
      <Field
        name="temperature"
        label={texts().temperature}
        type="number"
        min="0"
        step="any"
        value={textOf(values, 'temperature')}
      />
      <Field
        name="max_tokens"
        label={texts().maxTokens}
        type="number"
        min="1"
        step="1"
        value={textOf(values, 'max_tokens')}
      />
      <Choice
        name="effort"
        label={texts().effort}
        help={texts().parametersHelp}
        value={textOf(values, 'effort')}
        options={[['', texts().usual], ...efforts.map((effort) => [effort, effort] as const)]}
      />
    </details>
  </article>
);

/** A token of one's own by its name, or another one by its value. */
const TokenFields: FC<Pick<SettingsFacts, 'tokens' | 'token' | 'values'>> = ({ tokens, token, values }) => {
  const isOwn = tokens.some(({ id }) => id === token?.id);
  const chosen = isOwn ? token?.id : undefined;
  const isPasted = token !== null || textOf(values, 'token') !== '';
  return (
    <>
      {tokens.length === 0 ? null : (
        <Choice
          name="token_id"
          label={texts().token}
          value={chosen ?? (isPasted ? '' : tokens[0]?.id)}
          options={[
            ...tokens.map(
              ({ id, name, hint }) => [id, `${name} (${hint.slice(hint.indexOf('…'))})`] as const,
            ),
            ['', texts().paste] as const,
          ]}
        />
      )}
      <div class={tokens.length === 0 ? undefined : 'pasted'}>
        <Field
          name="token"
          label={texts().tokenValue}
          help={
            token === null || isOwn
              ? texts().tokenHelp
              : `${texts().valueOf(`${token.name} (${token.hint})`)} ${texts().tokenHelp}`
          }
          type="password"
          autocomplete="off"
        />
      </div>
    </>
  );
};
