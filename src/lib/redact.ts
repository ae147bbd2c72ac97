// Cuts keys and addresses out of a text that others wrote. Errs on the side of cutting too much: what is lost is a
// word of an error, what would stay is a secret.

/** Stands for what was cut. */
export const cutMark = '…';

/** Words that look like the end of a host's name. Field paths (`messages.content`) and model names have none of them. */
const domains =
  'com|net|org|io|ai|dev|app|cn|de|eu|uk|us|jp|fr|ru|in|co|cloud|local|internal|intranet|lan|corp|home|svc|example|test|invalid|xyz|tech|me|tv|gg|sh|run|site|online|localhost';

/**
 * Each match is replaced; a group at the beginning stays. In this order: addresses contain what later rules match. Parts before a fixed
 * character are bounded (RFC 5321 and RFC 1035 for names), so that no rule reads a text again and again.
 */
const rules: readonly RegExp[] = [
  // URLs, mail addresses, and ARNs, which have account ids.
  /()\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'<>`]+/gi,
  /()[^\s"'<>`@]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+/gi,
  /()\barn:[^\s"'<>`,]+/gi,
  // Hosts, with a port and a path; hosts without a domain only with a port.
  new RegExp(`()\\b(?:[a-z0-9_-]{1,63}\\.){1,8}(?:${domains})\\b(?::\\d+)?(?:/[^\\s"'<>\`]*)?`, 'gi'),
  /()\blocalhost(?::\d+)?(?:\/[^\s"'<>`]*)?/gi,
  /()\b[a-z][a-z0-9-]{0,62}[a-z0-9]:\d{4,5}\b/gi,
  // IPv4 and IPv6, with a port.
  /()\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g,
  /()(?<![\w:])(?:(?:[0-9a-f]{1,4}:){4,7}[0-9a-f]{0,4}|(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?)(?![\w:])/gi,
  // What a word before it calls a secret.
  /(\b(?:bearer|basic)\s+)[^\s"'<>`,;]{8,}/gi,
  /(\b(?:x-)?(?:goog-)?(?:api[-_ ]?key|token|secret|password|credential|authorization|access[-_ ]?key(?:[-_ ]?id)?)\b["'`]?(?:\s+(?:provided|is))?\s*[:=]\s*["'`]?)(?=[^\s"'`]{0,200}\d|[^\s"'`]{16})[^\s"'<>`,;]{6,}/gi,
  // Keys by their beginnings, masked ones too: OpenAI, Anthropic, Google, Groq, xAI, GitHub, Hugging Face, and others.
  /()\b(?:sk|pk|rk|gsk|xai|pplx|nvapi|hf|r8|tgp|fw|csk|key|co|ghp|gho|ghs|github_pat|glpat|xox[a-z])[-_](?=\S{0,200}[\d*])[\w*.-]{6,}/gi,
  /()\b(?:AIza[\w*-]{6,}|ya29\.[\w.-]+|(?:AKIA|ASIA)[A-Z0-9*]{6,}|eyJ[\w-]{6,}(?:\.[\w-]*)*)/g,
  // Accounts at a provider.
  /()\b(?:org|proj|acct|user|ws|wrkspc)[-_](?=\w{0,64}\d)[\w-]{6,}/g,
  /(\bprojects\/)[^\s/"'<>`]+/g,
];

/** Runs of letters, digits, `-`, and `_` that may be a key of an unknown kind, or the id of one. */
const longRun = /[A-Za-z0-9_+=-]{20,}/g;

/** Cuts addresses and keys out of a text. Linear in its length, which the caller bounds. */
export function redacted(text: string): string {
  const cut = rules.reduce((left, rule) => left.replace(rule, `$1${cutMark}`), text);
  return cut.replace(longRun, (run) => (isRandom(run) ? cutMark : run));
}

/** Whether some part of it, between hyphens and underscores, is long and mixes letters and digits. */
function isRandom(run: string): boolean {
  return run.split(/[-_]/).some((part) => part.length >= 12 && /\d/.test(part) && /[A-Za-z]/.test(part));
}

/** A shorter text is no secret, and would be found in ordinary words. */
const shortestSecret = 8;

/** Replaces known secrets in a text. Those that are too short stay. */
export function withoutSecrets(text: string, secrets: readonly string[], mark = cutMark): string {
  const known = secrets.filter(({ length }) => length >= shortestSecret);
  return known.reduce((left, secret) => left.replaceAll(secret, mark), text);
}
