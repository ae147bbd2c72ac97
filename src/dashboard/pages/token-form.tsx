// The form of a token, new or edited, and the conversion for the management API.
import type { FC } from 'hono/jsx';
import type { Token } from '../api/token-fields.ts';
import { messages } from '../i18n/messages.ts';
import { ShownWith } from './edit-form.tsx';
import { Alert, Choice, Field } from './form.tsx';
import { LimitFields, limitsChosen, ModelChoice, modelsChosen, numberOrNull } from './model-choice.tsx';
import { listOf, textOf, type Values } from './page-env.ts';
import { Heading } from './parts.tsx';

const texts = () => messages().tokens;

interface FormFacts {
  /** Null: a new one. */
  token: Token | null;
  /** Of somebody else: the values are the administrators'. */
  isOthers: boolean;
  models: readonly string[];
  /** Names of the groups that the token may be put in. Empty: this person cannot choose. */
  groups: readonly string[];
  values: Values;
  errors: Record<string, string>;
  detail?: string | undefined;
}

export const TokenForm: FC<FormFacts> = ({ token, isOthers, models, groups, values, errors, detail }) => {
  const isWrong = Object.keys(errors).length > 0 || detail !== undefined;
  const more = ['expires_at', 'allowed_ips', 'rpm', 'tpm', 'concurrency', 'tags', 'note', 'include_cost'];
  const isOpen = more.some((name) => errors[name] !== undefined || textOf(values, name) !== '');
  return (
    <div class="narrow">
      <Heading title={token === null ? texts().add : `${texts().edit}: ${token.name}`} />
      {isWrong ? <Alert>{messages().form.notSaved}</Alert> : null}
      {isOthers ? <p class="quiet">{texts().editsAdminPart}</p> : null}
      <form method="post" data-guard>
        {token === null ? null : <ShownWith values={values} record={valuesOfToken(token)} />}
        <Field
          name="name"
          label={texts().name}
          help={texts().nameHelp}
          value={textOf(values, 'name')}
          error={errors.name}
          autocomplete="off"
          required
        />
        <ModelChoice models={models} values={values} errors={errors} />
        <div class="row">
          <Field
            name="quota_usd"
            label={texts().quota}
            help={texts().quotaHelp}
            type="number"
            min="0"
            step="any"
            value={textOf(values, 'quota_usd')}
            error={errors.quota_usd}
          />
          <Field
            name="budget_usd"
            label={texts().budget}
            help={texts().budgetHelp}
            type="number"
            min="0"
            step="any"
            value={textOf(values, 'budget_usd')}
            error={errors['budget.usd'] ?? errors.budget ?? errors['budget.period']}
          />
          <Choice
            name="budget_period"
            label={texts().period}
            value={textOf(values, 'budget_period') || 'month'}
            options={[
              ['day', texts().day],
              ['week', texts().week],
              ['month', texts().month],
            ]}
          />
        </div>
        {groups.length < 2 ? null : (
          <Choice
            name="group"
            label={texts().group}
            help={texts().groupHelp}
            value={textOf(values, 'group') || 'default'}
            error={errors.group}
            options={[...new Set([...groups, textOf(values, 'group') || 'default'])].map(
              (name) => [name, name] as const,
            )}
          />
        )}
        <details open={isOpen}>
          <summary>{texts().more}</summary>
          <Bounds values={values} errors={errors} />
        </details>
        <div class="actions">
          <button type="submit">{messages().form.submit}</button>
          <a href={token === null ? '/dashboard/tokens' : `/dashboard/tokens/${token.id}`}>
            {messages().form.cancel}
          </a>
        </div>
      </form>
    </div>
  );
};

const Bounds: FC<Pick<FormFacts, 'values' | 'errors'>> = ({ values, errors }) => (
  <>
    <Field
      name="expires_at"
      label={texts().expires}
      help={texts().expiresHelp}
      type="date"
      value={textOf(values, 'expires_at')}
      error={errors.expires_at}
    />
    <Field
      name="allowed_ips"
      label={texts().ips}
      help={texts().ipsHelp}
      rows={2}
      value={listOf(values, 'allowed_ips').join('\n')}
      error={errors.allowed_ips}
    />
    <LimitFields values={values} errors={errors} />
    <Field
      name="tags"
      label={texts().tags}
      help={texts().tagsHelp}
      rows={2}
      value={listOf(values, 'tags').join('\n')}
      error={errors.tags}
    />
    <Field name="note" label={texts().note} rows={2} value={textOf(values, 'note')} error={errors.note} />
    <Choice
      name="include_cost"
      label={texts().includeCost}
      help={texts().includeCostHelp}
      value={textOf(values, 'include_cost')}
      error={errors.include_cost}
      options={[
        ['', texts().onRequest],
        ['1', texts().always],
      ]}
    />
  </>
);

/** Converts a form for the management API. Includes every field, so that an emptied one is removed. */
export function tokenBody(values: Values): Record<string, unknown> {
  const budget = numberOrNull(values, 'budget_usd');
  return {
    name: textOf(values, 'name'),
    models: modelsChosen(values),
    quota_usd: numberOrNull(values, 'quota_usd'),
    budget: budget ? { usd: budget, period: textOf(values, 'budget_period') } : null,
    expires_at: textOf(values, 'expires_at') || null,
    allowed_ips: listOf(values, 'allowed_ips'),
    limits: limitsChosen(values),
    tags: listOf(values, 'tags'),
    note: textOf(values, 'note'),
    include_cost: textOf(values, 'include_cost') === '1',
    ...(values.group !== undefined && { group: textOf(values, 'group') }),
  };
}

/** Returns a token's values for the form. */
export function valuesOfToken(token: Token): Values {
  const text = (value: number | null | undefined) => (value == null ? '' : String(value));
  return {
    name: token.name,
    group: token.group,
    models: token.models,
    quota_usd: text(token.quota_usd),
    budget_usd: text(token.budget?.usd),
    budget_period: token.budget?.period ?? 'month',
    // A time of day that the API set stays; people set dates.
    expires_at: token.expires_at?.slice(0, 10) ?? '',
    allowed_ips: token.allowed_ips,
    rpm: text(token.limits.rpm),
    tpm: text(token.limits.tpm),
    concurrency: text(token.limits.concurrency),
    tags: token.tags,
    note: token.note,
    include_cost: token.include_cost ? '1' : '',
  };
}
