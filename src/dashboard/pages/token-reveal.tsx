// The only page that shows a token's value, with snippets to paste.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { CopyButton, OnceValue } from './form.tsx';
import { Heading } from './parts.tsx';
import { snippets } from './snippets.ts';

const texts = () => messages().tokens;

interface OnceFacts {
  title: string;
  name: string;
  id: string;
  value: string;
  models: readonly string[];
  /** What channels serve, including wildcards. */
  served: readonly string[];
  origin: string;
}

export const TokenReveal: FC<OnceFacts> = ({ title, name, id, value, models, served, origin }) => {
  const { curl, sdk, tools } = snippets(origin, models, served);
  return (
    <>
      <Heading title={`${title}: ${name}`} lead={texts().once}>
        <a href={`/dashboard/playground?token=${id}`} class="button outline">
          {texts().tryIt}
        </a>
        <a href={`/dashboard/tokens/${id}`} class="button">
          {texts().done}
        </a>
      </Heading>
      <OnceValue id="token-value" label={texts().value} value={value} />
      <p>
        <strong>{texts().advice}</strong>
      </p>
      <h2>{texts().use}</h2>
      <p class="quiet">{texts().fromEnvironment}</p>
      <Snippet id="export" title="RELAY_TOKEN" text={`export RELAY_TOKEN=${value}`} />
      {[...curl, ...sdk].map(({ id, title, text }) => (
        <Snippet id={id} title={title} text={text} />
      ))}
      <h2>{texts().tools}</h2>
      {tools.map(({ id, title, text }) => (
        <Snippet id={id} title={title} text={text} />
      ))}
    </>
  );
};

const Snippet: FC<{ id: string; title: string; text: string }> = ({ id, title, text }) => (
  <div class="snippet">
    <h3>{title}</h3>
    <CopyButton target={`snippet-${id}`} />
    <pre tabindex={0} id={`snippet-${id}`}>
      {text}
    </pre>
  </div>
);
