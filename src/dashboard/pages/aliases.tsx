// Aliases, a part of the page of models: names that stand for models, tried in order.
import type { FC } from 'hono/jsx';
import { messages } from '../i18n/messages.ts';
import { ActionButton, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { TableFrame } from './parts.tsx';

const texts = () => messages().models;

export interface Alias {
  name: string;
  models: string[];
}

interface AliasFacts {
  aliases: readonly Alias[];
  values: Values;
  errors: Record<string, string>;
}

export const Aliases: FC<AliasFacts> = ({ aliases, values, errors }) => (
  <>
    <h2>{texts().aliases}</h2>
    {aliases.length === 0 ? <p class="quiet">{texts().noAliases}</p> : <AliasTable aliases={aliases} />}
    <article class="narrow">
      <h2>{texts().setAlias}</h2>
      <p class="quiet">{texts().aliasHelp}</p>
      <form method="post" action="/dashboard/models/aliases">
        <Field
          name="alias"
          label={texts().aliasName}
          value={textOf(values, 'alias')}
          error={errors.name}
          autocomplete="off"
          required
        />
        <Field
          name="alias_models"
          label={texts().aliasModels}
          help={texts().aliasModelsHelp}
          rows={3}
          value={listOf(values, 'alias_models').join('\n')}
          error={errors.models}
          required
        />
        <button type="submit">{texts().setAlias}</button>
      </form>
    </article>
  </>
);

const AliasTable: FC<{ aliases: readonly Alias[] }> = ({ aliases }) => (
  <TableFrame label={texts().aliases}>
    <table>
      <thead>
        <tr>
          <th scope="col">{texts().aliasName}</th>
          <th scope="col">{texts().aliasModels}</th>
          <th scope="col">{texts().takeBack}</th>
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
              <ActionButton action="/dashboard/models/aliases/delete" values={{ alias: name }}>
                {texts().takeBack}
              </ActionButton>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
