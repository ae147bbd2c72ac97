// Aliases, a part of the page of prices: names that stand for models, tried in order.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { Alert, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { TableFrame } from './parts.tsx';

const texts = () => messages().models;

export interface Alias {
  name: string;
  models: string[];
}

interface FormFacts {
  values: Values;
  wrong: { detail: string; errors: Record<string, string> } | undefined;
}

export const AliasForm: FC<FormFacts> = ({ values, wrong }) => (
  <article id="set-alias">
    <h2>{texts().setAlias}</h2>
    <p class="quiet">{texts().aliasHelp}</p>
    {wrong === undefined ? null : <Alert>{wrong.detail}</Alert>}
    <form method="post" action="/dashboard/models/aliases">
      <Field
        name="alias"
        label={texts().aliasName}
        value={textOf(values, 'alias')}
        error={wrong?.errors.name}
        autocomplete="off"
        required
      />
      <Field
        name="alias_models"
        label={texts().aliasModels}
        help={texts().aliasModelsHelp}
        rows={3}
        value={listOf(values, 'alias_models').join('\n')}
        error={wrong?.errors.models}
        required
      />
      <button type="submit">{texts().setAlias}</button>
    </form>
  </article>
);

export const AliasTable: FC<{ aliases: readonly Alias[] }> = ({ aliases }) => (
  <TableFrame label={texts().aliases}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().aliasName}</th>
          <th scope="col">{texts().aliasModels}</th>
          <th scope="col">{texts().actions}</th>
        </tr>
      </thead>
      <tbody>
        {aliases.map(({ name, models }) => (
          <tr>
            <td class="wide">
              <code>{name}</code>
            </td>
            <td class="wide">{models.join(' → ')}</td>
            <td>
              <a
                href={`/dashboard/models/aliases/delete?alias=${encodeURIComponent(name)}`}
                class="button outline small"
              >
                {texts().removeAlias}
              </a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
