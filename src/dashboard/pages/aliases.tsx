// Names that stand for models, tried in order: a part of the page of models.
import type { FC } from 'hono/jsx';
import { strings } from '../i18n/messages.ts';
import { ActionButton, Field } from './form.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { TableFrame } from './parts.tsx';

const words = () => strings().models;

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
    <h2>{words().aliases}</h2>
    {aliases.length === 0 ? <p class="quiet">{words().noAliases}</p> : <AliasTable aliases={aliases} />}
    <article class="narrow">
      <h2>{words().setAlias}</h2>
      <p class="quiet">{words().aliasHelp}</p>
      <form method="post" action="/dashboard/models/aliases">
        <Field
          name="alias"
          label={words().aliasName}
          value={textOf(values, 'alias')}
          error={errors.name}
          autocomplete="off"
          required
        />
        <Field
          name="alias_models"
          label={words().aliasModels}
          help={words().aliasModelsHelp}
          rows={3}
          value={listOf(values, 'alias_models').join('\n')}
          error={errors.models}
          required
        />
        <button type="submit">{words().setAlias}</button>
      </form>
    </article>
  </>
);

const AliasTable: FC<{ aliases: readonly Alias[] }> = ({ aliases }) => (
  <TableFrame label={words().aliases}>
    <table>
      <thead>
        <tr>
          <th scope="col">{words().aliasName}</th>
          <th scope="col">{words().aliasModels}</th>
          <th scope="col">{words().takeBack}</th>
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
                {words().takeBack}
              </ActionButton>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </TableFrame>
);
