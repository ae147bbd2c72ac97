// What an alert says, in one sentence. Pure.
import type { AlertEvent, AlertFacts, AlertStatus } from './alert-event.ts';

type Sentence = (facts: AlertFacts) => string;

const sentences: Record<AlertEvent, Record<AlertStatus, Sentence>> = {
  'token.quota_low': {
    opened: (facts) =>
      `The token ${token(facts)} has ${dollars(facts.left_usd)} left of ${dollars(facts.limit_usd)}.`,
    resolved: (facts) => `The token ${token(facts)} has enough quota again.`,
  },
  'account.budget_low': {
    opened: (facts) => `The budget of the account ${account(facts)} is nearly spent.`,
    resolved: (facts) => `The account ${account(facts)} has enough budget again.`,
  },
  'account.balance_low': {
    opened: (facts) => `The balance of the account ${account(facts)} is nearly spent.`,
    resolved: (facts) => `The account ${account(facts)} has enough balance again.`,
  },
  'channel.down': {
    opened: (facts) => `The channel ${channel(facts)} is down${because(facts)}`,
    resolved: (facts) => `The channel ${channel(facts)} works again.`,
  },
  'channel.key_rejected': {
    opened: (facts) => `The provider rejects a key of the channel ${channel(facts)}${because(facts)}`,
    resolved: (facts) => `The key of the channel ${channel(facts)} works again.`,
  },
  'model.unpriced': {
    opened: (facts) => `The model ${facts.model} is used and has no price, so nothing is charged for it.`,
    resolved: (facts) => `The model ${facts.model} has a price now.`,
  },
  'model.retiring': {
    opened: (facts) => `The model ${facts.model} is retired on ${facts.sunset}.${users(facts)}`,
    resolved: (facts) =>
      `The model ${facts.model}, which is retired on ${facts.sunset}, is not used any more.`,
  },
  'model.substituted': {
    opened: (facts) => `The channel ${channel(facts)} answers ${facts.model} with ${facts.served_model}.`,
    resolved: (facts) =>
      `The channel ${channel(facts)} has not answered ${facts.model} with ${facts.served_model} for a day.`,
  },
  'log.delivery_stalled': {
    opened: () =>
      'The request log cannot be written to the database. Its rows wait in the ledgers; nothing is lost.',
    resolved: () => 'The request log is written again.',
  },
};

/** Returns the sentence. */
export function alertText(event: AlertEvent, status: AlertStatus, facts: AlertFacts): string {
  return sentences[event][status](facts);
}

const token = ({ token_name, token_id }: AlertFacts) => `"${token_name ?? token_id}"`;
const account = ({ account_name, account_id }: AlertFacts) => `"${account_name ?? account_id}"`;
const channel = ({ channel_name, channel_id }: AlertFacts) => `"${channel_name ?? channel_id}"`;

function users({ tokens, token_names }: AlertFacts): string {
  if (!tokens) return '';
  const more = Number(tokens) > 5 ? ' and others' : '';
  return ` Tokens that used it in the last week: ${tokens} (${token_names}${more}).`;
}

function because({ error }: AlertFacts): string {
  return error === null || error === undefined ? '.' : `: ${error}`;
}

function dollars(usd: string | number | null | undefined): string {
  const amount = Number(usd ?? 0);
  const digits = amount !== 0 && Math.abs(amount) < 0.01 ? 9 : 4;
  return `$${amount.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: digits })}`;
}
