// Sign-in with GitHub: OAuth's authorization code with PKCE, over oauth4webapi. Returns who the person is at
// GitHub, not which account that is. docs.github.com, "Authorizing OAuth apps", read 2026-11-24.
import * as oauth from 'oauth4webapi';
import { z } from 'zod';
import type { GithubApp } from '../../config.ts';

/** What must be remembered from the first step to the second. */
export interface GithubStep {
  state: string;
  verifier: string;
}

export interface GithubUser {
  /** The user's number, which stays when the name changes. */
  id: string;
  login: string;
  name: string;
  /** The primary email, if GitHub has verified it. */
  email: string | null;
}

/** Returns where to send the browser, and what to remember. */
export async function beginGithub(
  { clientId, baseUrl }: GithubApp,
  redirectUri: string,
): Promise<{ address: string; step: GithubStep }> {
  const step = { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier() };
  const address = new URL(`${baseUrl}/login/oauth/authorize`);
  address.search = String(
    new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: 'read:user user:email',
      state: step.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(step.verifier),
      code_challenge_method: 'S256',
    }),
  );
  return { address: address.href, step };
}

/** Returns who came back. Throws GitHub's errors, including a refusal by the person. */
export async function finishGithub(
  app: GithubApp,
  callback: URL,
  redirectUri: string,
  { state, verifier }: GithubStep,
): Promise<GithubUser> {
  const server = serverOf(app);
  const client = { client_id: app.clientId };
  const parameters = oauth.validateAuthResponse(server, client, callback, state);
  const options = optionsFor(app.baseUrl);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.ClientSecretPost(app.clientSecret),
    parameters,
    redirectUri,
    verifier,
    options,
  );
  const { access_token } = await oauth.processAuthorizationCodeResponse(server, client, response);
  const ask = async (path: string) => {
    const url = new URL(apiOf(app.baseUrl) + path);
    const answer = await oauth.protectedResourceRequest(access_token, 'GET', url, headers, null, options);
    if (!answer.ok) throw new Error(`GitHub answered ${answer.status} to ${path}`);
    return answer.json();
  };
  const [user, emails] = await Promise.all([
    ask('/user').then((body) => userSchema.parse(body)),
    ask('/user/emails').then((body) => emailsSchema.parse(body)),
  ]);
  const primary = emails.find(({ primary, verified }) => primary && verified);
  return {
    id: String(user.id),
    login: user.login,
    name: user.name || user.login,
    email: primary?.email ?? null,
  };
}

const userSchema = z.object({ id: z.number().int(), login: z.string(), name: z.string().nullish() });
const emailsSchema = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** GitHub refuses calls without a user agent. */
const headers = new Headers({ 'user-agent': 'openopen8-relay', accept: 'application/vnd.github+json' });

function serverOf({ baseUrl }: GithubApp): oauth.AuthorizationServer {
  const issuer = `${baseUrl}/login/oauth`;
  return { issuer, token_endpoint: `${issuer}/access_token` };
}

function apiOf(baseUrl: string): string {
  return baseUrl === 'https://github.com' ? 'https://api.github.com' : `${baseUrl}/api/v3`;
}

/** Plain http is only for a server in the same network. */
function optionsFor(baseUrl: string) {
  return { [oauth.allowInsecureRequests]: baseUrl.startsWith('http:'), signal: AbortSignal.timeout(10_000) };
}
