// Whether an upstream's error is about the relay's own key or account, which the operator must fix and which must
// never look to the caller like a fault of the caller's token. Text that an error quotes from the request (a
// field's name, say) does not count: otherwise any caller could disable the keys. Pure.
import { isObject, textAt } from '../formats/json-reader.ts';
import type { JsonObject } from '../lib/json.ts';

/**
 * Returns true for a refused key or account: 401, 402, 403, a 429 for spent credit, and a 400 of Gemini's or
 * Anthropic's that means the same.
 */
export function refusedRelay(status: number, body: string): boolean {
  switch (status) {
    case 401:
    case 402:
      return true;
    case 403:
      return !isFlagged(errorIn(body));
    case 429:
      return namesOf(errorIn(body)).some((name) => spentNames.has(name));
    case 400:
      return isRefusedAs400(errorIn(body));
    default:
      return false;
  }
}

/**
 * Returns whether a refusal concerns this request only, so that the key is good for others: OpenAI's 403 for a
 * model that the project lacks (https://github.com/Aider-AI/aider/issues/1903), Bedrock's, xAI's 403 for what
 * its guidelines forbid (https://github.com/UKGovernmentBEIS/inspect_ai/pull/2267), and those for the country of
 * the data center that the request happened to leave from. 2026-11.
 */
export function refusedThisOnly(status: number, body: string): boolean {
  const error = errorIn(body);
  if (status === 400) return isOfLocation(error);
  if (status !== 403) return false;
  return namesOf(error).some((name) => namesOfThisOnly.has(name)) || ofThisOnly.test(messageOf(error));
}

const namesOfThisOnly: ReadonlySet<string> = new Set([
  'model_not_found',
  'unsupported_country_region_territory',
]);

const ofThisOnly =
  /^(You don't have access to the model with the specified model ID\b|Content violates usage guidelines\b|Request not allowed$)/;

/** Gemini answers with a 400. */
function isOfLocation(error: JsonObject): boolean {
  return (
    error.status === 'FAILED_PRECONDITION' &&
    messageOf(error).startsWith('User location is not supported for the API use')
  );
}

const spentNames: ReadonlySet<string> = new Set([
  'insufficient_quota',
  'billing_hard_limit_reached',
  'credit_balance_too_low',
]);

/**
 * Anthropic answers with `invalid_request_error` and a 400 for accounts that are spent or closed, so only the
 * whole sentence identifies them: https://github.com/anthropics/claude-code/issues/66314 and /issues/38035
 * (2026-06).
 */
const anthropicsSentences =
  /^(Your credit balance is too low to access the \w+ API\.( Please go to Plans & Billing to upgrade or purchase credits\.)?|You have reached your specified (workspace )?API usage limits\. You will regain access on [\d-]+ at [\d:]+ UTC\.|This organization has been disabled\.)$/;

function isRefusedAs400(error: JsonObject): boolean {
  return (
    namesOf(error).includes('API_KEY_INVALID') ||
    anthropicsSentences.test(messageOf(error)) ||
    isOfLocation(error)
  );
}

/** OpenRouter's 403 for a caller's words: https://openrouter.ai/docs/api-reference/errors (2026-11). */
function isFlagged({ metadata }: JsonObject): boolean {
  return isObject(metadata) && typeof metadata.flagged_input === 'string';
}

/** Returns `{error: {…}}`, Google's array of one, or the whole body; an empty object for other bodies. */
function errorIn(body: string): JsonObject {
  try {
    const value: unknown = JSON.parse(body);
    const whole = Array.isArray(value) ? value[0] : value;
    if (!isObject(whole)) return {};
    return isObject(whole.error) ? whole.error : whole;
  } catch {
    return {};
  }
}

/** Returns what the upstream calls the error, in its own words only. */
function namesOf(error: JsonObject): string[] {
  const details = Array.isArray(error.details) ? error.details.filter(isObject) : [];
  const names = [error.type, error.code, ...details.map(({ reason }) => reason)];
  return names.filter((name) => typeof name === 'string');
}

/** xAI's `error` is the message itself. */
function messageOf(error: JsonObject): string {
  return textAt(error, 'message') ?? textAt(error, 'error') ?? '';
}
