// Until there is a dashboard: the page at `/` that says how to begin, or what a deployment still lacks.
import type { FC } from 'hono/jsx';

/** What the page must know. */
export interface BeginFacts {
  /** The address that the page was asked at. */
  origin: string;
  /** What is missing, each with how to mend it; empty when all is there. */
  missing: readonly string[];
}

export const BeginPage: FC<BeginFacts> = ({ origin, missing }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>OpenOpen8 Relay</title>
      <link rel="stylesheet" href="/begin.css" />
    </head>
    <body>
      <main>
        <h1>OpenOpen8 Relay</h1>
        <p class="lead">One token, every model, every SDK.</p>
        {missing.length > 0 ? <Missing missing={missing} /> : <Steps origin={origin} />}
      </main>
    </body>
  </html>
);

const Missing: FC<Pick<BeginFacts, 'missing'>> = ({ missing }) => (
  <section>
    <h2>Not ready yet</h2>
    <ul>
      {missing.map((item) => (
        <li>{item}</li>
      ))}
    </ul>
    <p>
      <code>npm run deploy</code> sets all of this up, and may be run again at any time.
    </p>
  </section>
);

const Steps: FC<Pick<BeginFacts, 'origin'>> = ({ origin }) => (
  <>
    <section>
      <h2>1. Make a token</h2>
      <pre>{`curl ${origin}/api/tokens \\
  -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\
  -d '{"name": "my first token"}'`}</pre>
      <p>The answer holds the token, once. Keep it out of client code and repositories.</p>
    </section>
    <section>
      <h2>2. Add a channel</h2>
      <pre>{`curl ${origin}/api/channels \\
  -H "Authorization: Bearer $ADMIN_KEY" -H "Content-Type: application/json" \\
  -d '{"name": "OpenAI", "provider": "openai", "keys": ["sk-…"], "models": ["gpt-*"]}'`}</pre>
    </section>
    <section>
      <h2>3. Set the base address of your SDK</h2>
      <table>
        <tbody>
          <tr>
            <th>OpenAI</th>
            <td>
              <code>{origin}/v1</code>
            </td>
          </tr>
          <tr>
            <th>Anthropic</th>
            <td>
              <code>{origin}</code>
            </td>
          </tr>
          <tr>
            <th>Gemini</th>
            <td>
              <code>{origin}</code>
            </td>
          </tr>
        </tbody>
      </table>
      <p>
        The management API is described at <a href="/api/openapi.json">/api/openapi.json</a>.
      </p>
    </section>
  </>
);
