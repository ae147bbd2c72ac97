// The output of `npm start` when the relay is ready. Every line can be pasted, and every curl line is answered.
import type { SampleModels } from './sample-models.ts';

export interface BannerFacts {
  readonly url: string;
  readonly adminKey: string;
  readonly demoToken: string | null;
  readonly demoUrl: string | null;
  /** What the token can call; null: nothing yet. */
  readonly models: SampleModels | null;
}

/** Address, admin key, demo token, and a curl line per format with how to stream, or how to add a channel. */
export function banner(facts: BannerFacts): string {
  const { url, adminKey, demoToken, demoUrl, models } = facts;
  return [
    '',
    `  OpenOpen8 Relay   ${url}`,
    `  Admin key         ${adminKey}`,
    `  Demo token        ${demoToken ?? 'none (see above)'}`,
    demoUrl === null
      ? '  Demo upstream     off (DEMO=0)'
      : `  Demo upstream     ${demoUrl} (answers for models that no channel of yours serves)`,
    '',
    ...(demoToken === null || models === null
      ? firstSteps(url, demoToken !== null)
      : tryIt(url, demoToken, models)),
    '  Ctrl-C stops everything.',
    '',
  ].join('\n');
}

function tryIt(url: string, token: string, models: SampleModels): string[] {
  return [
    '  Try it, in OpenAI’s, Anthropic’s and Gemini’s format:',
    '',
    ...curlLines(url, token, models),
    '',
    '  To stream: curl -N, and "stream": true in the body (OpenAI, Anthropic), or',
    '  :streamGenerateContent?alt=sse in place of :generateContent (Gemini).',
  ];
}

function firstSteps(url: string, hasToken: boolean): string[] {
  return hasToken
    ? [
        '  No channel serves a model to the demo token yet. Add one at',
        `  ${url}/dashboard/channels, or set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY and start again.`,
      ]
    : [`  Create a token at ${url}/dashboard/tokens to call the relay.`];
}

/** One line per format, for a POSIX shell. */
function curlLines(url: string, token: string, { chat, messages, generate }: SampleModels): string[] {
  const json = `-H 'Content-Type: application/json'`;
  const said = '"messages":[{"role":"user","content":"Hello"}]';
  return [
    `curl ${url}/v1/chat/completions -H 'Authorization: Bearer ${token}' ${json} -d '{"model":"${chat}",${said}}'`,
    `curl ${url}/v1/messages -H 'x-api-key: ${token}' -H 'anthropic-version: 2023-06-01' ${json} -d '{"model":"${messages}","max_tokens":256,${said}}'`,
    `curl ${url}/v1beta/models/${generate}:generateContent -H 'x-goog-api-key: ${token}' ${json} -d '{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}'`,
  ];
}
