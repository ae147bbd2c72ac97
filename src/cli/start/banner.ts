// What `npm start` prints when the relay is up: every line of it can be pasted.

export interface BannerFacts {
  readonly url: string;
  readonly adminKey: string;
  readonly demoToken: string | null;
  readonly demoUrl: string | null;
}

/** Address, admin key, demo token, a curl line per format, and how to stream. */
export function banner(facts: BannerFacts): string {
  const { url, adminKey, demoToken, demoUrl } = facts;
  return [
    '',
    `  OpenOpen8 Relay   ${url}`,
    `  Admin key         ${adminKey}`,
    `  Demo token        ${demoToken ?? 'none (see above)'}`,
    demoUrl === null
      ? '  Demo upstream     off (DEMO=0)'
      : `  Demo upstream     ${demoUrl} (answers for models that no channel of yours serves)`,
    '',
    '  Try it, in OpenAI’s, Anthropic’s and Gemini’s format:',
    '',
    ...curlLines(url, demoToken ?? 'YOUR_TOKEN'),
    '',
    '  To stream: curl -N, and "stream": true in the body (OpenAI, Anthropic), or',
    '  :streamGenerateContent?alt=sse in place of :generateContent (Gemini).',
    '  Ctrl-C stops everything.',
    '',
  ].join('\n');
}

/** One line per format, for a POSIX shell. */
export function curlLines(url: string, token: string): string[] {
  const json = `-H 'Content-Type: application/json'`;
  const messages = '"messages":[{"role":"user","content":"Hello"}]';
  return [
    `curl ${url}/v1/chat/completions -H 'Authorization: Bearer ${token}' ${json} -d '{"model":"gpt-4o",${messages}}'`,
    `curl ${url}/v1/messages -H 'x-api-key: ${token}' -H 'anthropic-version: 2023-06-01' ${json} -d '{"model":"claude-3-5-sonnet-20241022","max_tokens":256,${messages}}'`,
    `curl ${url}/v1beta/models/gemini-2.0-flash:generateContent -H 'x-goog-api-key: ${token}' ${json} -d '{"contents":[{"role":"user","parts":[{"text":"Hello"}]}]}'`,
  ];
}
