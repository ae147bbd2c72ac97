// An operator's own prices: the list, and the form that sets one. It has a field for every part of a price, so
// that an edit loses nothing.
import type { FC } from 'hono/jsx';
import { priceFields } from '../api/price-fields.ts';
import { messages } from '../i18n/messages.ts';
import { Alert, Field } from './form.tsx';
import { numberOrNull } from './model-choice.tsx';
import { textOf, type Values } from './page-env.ts';
import { priceText, TableFrame } from './parts.tsx';

const texts = () => messages().models;

type PriceField = keyof typeof priceFields;

/** The answer of /api/prices. */
export type Price = { model: string; input: number; output: number } & Partial<Record<PriceField, number>>;

const allFields = Object.keys(priceFields) as PriceField[];
const usualFields: readonly PriceField[] = ['input', 'output', 'cache_read'];
const furtherFields = allFields.filter((name) => !usualFields.includes(name));

/** Converts the form's values for the management API. */
export function priceBody(values: Values): Record<string, unknown> {
  const given = allFields.map((name) => [name, numberOrNull(values, name)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== null));
}

/** Returns a price's values for the form. */
export function valuesOfPrice(price: Price): Values {
  const shown = allFields.map((name) => [name, price[name] === undefined ? '' : String(price[name])]);
  return { model: price.model, ...Object.fromEntries(shown) };
}

interface FormFacts {
  values: Values;
  /** Names to choose from. */
  names: readonly string[];
  wrong: { detail: string; errors: Record<string, string> } | undefined;
}

export const PriceForm: FC<FormFacts> = ({ values, names, wrong: { detail, errors = {} } = {} }) => (
  <article id="set-price">
    <h2>{texts().set}</h2>
    <p class="quiet">{texts().setHelp}</p>
    {detail === undefined ? null : <Alert>{detail}</Alert>}
    <form method="post" action="/dashboard/models/prices">
      <Field
        name="model"
        label={texts().model}
        value={textOf(values, 'model')}
        error={errors.model}
        list="model-names"
        autocomplete="off"
        required
      />
      <datalist id="model-names">
        {names.map((name) => (
          <option value={name} />
        ))}
      </datalist>
      <PriceInputs names={usualFields} values={values} errors={errors} />
      <details open={furtherFields.some((name) => errors[name] !== undefined || textOf(values, name) !== '')}>
        <summary>{texts().further}</summary>
        <p class="quiet">{texts().furtherHelp}</p>
        <PriceInputs names={furtherFields} values={values} errors={errors} />
      </details>
      <button type="submit">{texts().set}</button>
    </form>
  </article>
);

interface InputFacts {
  names: readonly PriceField[];
  values: Values;
  errors: Record<string, string>;
}

const PriceInputs: FC<InputFacts> = ({ names, values, errors }) => (
  <div class="row">
    {names.map((name) => (
      <Field
        name={name}
        label={texts().prices[name]}
        type="number"
        min="0"
        step="any"
        value={textOf(values, name)}
        error={errors[name]}
        required={name === 'input' || name === 'output'}
      />
    ))}
  </div>
);

export const OwnPrices: FC<{ prices: readonly Price[] }> = ({ prices }) => (
  <TableFrame label={texts().overrides}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().model}</th>
          <th scope="col" class="number">
            {texts().input}
          </th>
          <th scope="col" class="number">
            {texts().output}
          </th>
          <th scope="col">{texts().further}</th>
          <th scope="col">{texts().actions}</th>
        </tr>
      </thead>
      <tbody>
        {prices.map((price) => (
          <tr>
            <td class="wide">
              <code>{price.model}</code>
            </td>
            <td class="number">{priceText(price.input)}</td>
            <td class="number">{priceText(price.output)}</td>
            <td class="wide">{furtherText(price)}</td>
            <td>
              <span class="actions">
                <a
                  href={`/dashboard/models/prices?model=${encodeURIComponent(price.model)}`}
                  class="button outline small"
                >
                  {messages().tokens.edit}
                </a>
                <a
                  href={`/dashboard/models/prices/delete?model=${encodeURIComponent(price.model)}`}
                  class="button outline small"
                >
                  {texts().resetPrice}
                </a>
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);

function furtherText(price: Price): string {
  const said = [...furtherFields, 'cache_read' as const].flatMap((name) => {
    const value = price[name];
    return value === undefined ? [] : [`${texts().prices[name]} ${priceText(value)}`];
  });
  return said.join(', ') || '–';
}
