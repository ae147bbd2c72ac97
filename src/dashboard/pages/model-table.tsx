// The table of models, for admins, members, and the public page of prices.
import type { FC, PropsWithChildren } from 'hono/jsx';
import type { ServedModelView } from '../api/served-models.ts';
import { messages } from '../i18n/messages.ts';
import { CopyButton } from './form.tsx';
import { Badge, milliseconds, percent, priceText, TableFrame } from './parts.tsx';

const texts = () => messages().models;

interface TableFacts {
  models: readonly ServedModelView[];
  url: string;
  view: 'admin' | 'member' | 'public';
  /** `YYYY-MM-DD`. */
  today: string;
}

export const ModelTable: FC<TableFacts> = ({ models, url, view, today }) => (
  <TableFrame label={texts().title}>
    <table class="models">
      <thead>
        <tr>
          <SortHeading url={url} by="name" label={texts().model} />
          <SortHeading url={url} by="input" label={texts().input} />
          <SortHeading url={url} by="output" label={texts().output} />
          <th scope="col" class="number">
            {texts().cached}
          </th>
          <SortHeading url={url} by="context" label={texts().context} />
          {view === 'public' ? null : <SeenHeadings />}
        </tr>
      </thead>
      <tbody>
        {models.map((model, index) => (
          <tr>
            <ModelCell model={model} id={`model-${index}`} today={today} />
            <PriceCells model={model} />
            <FigureCell figure={tokenCount(model.context_length)}>
              {model.max_output_tokens === null ? null : (
                <small>{texts().maxOutput(tokenCount(model.max_output_tokens) ?? '')}</small>
              )}
            </FigureCell>
            {view === 'public' ? null : (
              <>
                <FigureCell figure={model.ttfb_ms === null ? null : milliseconds(model.ttfb_ms)} />
                <FigureCell figure={model.error_rate === null ? null : percent(model.error_rate, 1)} />
                <td>
                  <Actions model={model} id={`model-${index}`} isAdmin={view === 'admin'} />
                </td>
              </>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

const SeenHeadings: FC = () => (
  <>
    <th scope="col" class="number">
      {texts().firstByte}
    </th>
    <th scope="col" class="number">
      {texts().errorRate}
    </th>
    <th scope="col">{texts().actions}</th>
  </>
);

const ModelCell: FC<{ model: ServedModelView; id: string; today: string }> = ({ model, id, today }) => (
  <td class="wide">
    <code id={id}>{model.id}</code>
    {model.is_pattern ? <Badge kind="off">{texts().pattern}</Badge> : null}
    {model.end_date === null ? null : (
      <Badge kind="warn">
        {model.end_date < today ? texts().ended(model.end_date) : texts().ends(model.end_date)}
      </Badge>
    )}
    {linesOf(model).map((line) => (
      <small>{line}</small>
    ))}
  </td>
);

/** Returns what is known of a model besides its figures. */
function linesOf({
  alias_of,
  input_modalities,
  reasoning_levels,
  channels,
  price,
}: ServedModelView): string[] {
  const kinds = [...(input_modalities ?? []), ...(reasoning_levels === null ? [] : [texts().reasons])];
  return [
    ...(alias_of === null ? [] : [texts().aliasOf(alias_of.join(' → '))]),
    ...(kinds.length === 0 ? [] : [kinds.join(', ')]),
    ...(channels.length === 0 ? [] : [texts().via(channels.map(({ name }) => name).join(' → '))]),
    ...(price?.most ? [texts().upTo(priceText(price.most.input), priceText(price.most.output))] : []),
    ...(price?.further ?? []).map(({ name, usd }) =>
      texts().each(texts().prices[name as keyof ReturnType<typeof texts>['prices']], priceText(usd)),
    ),
  ];
}

const PriceCells: FC<{ model: ServedModelView }> = ({ model: { price, is_pattern, is_own_price } }) => {
  if (price === null)
    return (
      <>
        {is_pattern ? (
          <FigureCell figure={null} />
        ) : (
          <td class="number">
            <Badge kind="warn">{texts().none}</Badge>
          </td>
        )}
        <FigureCell figure={null} />
        <FigureCell figure={null} />
      </>
    );
  return (
    <>
      <FigureCell figure={amount(price.input)}>
        {is_own_price ? <small>{texts().own}</small> : null}
      </FigureCell>
      <FigureCell figure={amount(price.output)} />
      <FigureCell figure={amount(price.cache_read)} />
    </>
  );
};

/** A figure that is not known has no line on phones, where a row is a card. */
const FigureCell: FC<PropsWithChildren<{ figure: string | null }>> = ({ figure, children }) => (
  <td class={figure === null ? 'number unknown' : 'number'}>
    {figure ?? '–'}
    {children}
  </td>
);

function amount(usd: number | null): string | null {
  return usd === null ? null : priceText(usd);
}

const Actions: FC<{ model: ServedModelView; id: string; isAdmin: boolean }> = ({ model, id, isAdmin }) => {
  const name = encodeURIComponent(model.id);
  return (
    <span class="actions">
      {model.is_pattern ? null : (
        <a href={`/dashboard/playground?model=${name}`} class="button outline small">
          {texts().tryIt}
        </a>
      )}
      <CopyButton target={id} label={texts().copyName} />
      {isAdmin ? (
        <a href={`/dashboard/models/prices?model=${name}`} class="button outline small">
          {texts().set}
        </a>
      ) : null}
    </span>
  );
};

/** Formats a number of tokens as models' pages do: 200K, 1.05M. */
function tokenCount(tokens: number | null): string | null {
  if (tokens === null) return null;
  if (tokens < 1_000) return String(tokens);
  const [value, unit] = tokens < 1_000_000 ? [tokens / 1_000, 'K'] : [tokens / 1_000_000, 'M'];
  return `${value.toLocaleString('en-US', { maximumFractionDigits: unit === 'K' ? 0 : 2 })}${unit}`;
}

/** Names sort from A, prices from the lowest, contexts from the longest; the current heading reverses the order. */
const SortHeading: FC<{ url: string; by: 'name' | 'input' | 'output' | 'context'; label: string }> = ({
  url,
  by,
  label,
}) => {
  const there = new URL(url);
  const isSorted = (there.searchParams.get('sort') ?? 'name') === by;
  const order = there.searchParams.get('order') ?? 'asc';
  const first = by === 'context' ? 'desc' : 'asc';
  const reverse = order === 'asc' ? 'desc' : 'asc';
  there.searchParams.set('sort', by);
  there.searchParams.set('order', isSorted ? reverse : first);
  there.searchParams.delete('cursor');
  return (
    <th
      scope="col"
      class={by === 'name' ? undefined : 'number'}
      aria-sort={isSorted ? (order === 'asc' ? 'ascending' : 'descending') : undefined}
    >
      <a href={there.pathname + there.search}>{label}</a>
      {isSorted ? <span aria-hidden="true">{order === 'asc' ? ' ↑' : ' ↓'}</span> : null}
    </th>
  );
};
