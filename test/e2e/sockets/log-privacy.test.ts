// Checks what a relay prints while it serves and refuses: never a token, a key, a prompt or a query.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { adminKey, freePort } from '../../support/relay.ts';
import { startUpstream } from '../../support/upstream.ts';
import { startProgram } from '../cli/programs.ts';

const prompt = 'a-prompt-that-nobody-else-may-read';

it('never prints a token, key, prompt or query, whatever fails', async () => {
  const state = mkdtempSync(join(tmpdir(), 'relay-silence-'));
  const port = await freePort();
  const upstream = await startUpstream(({ path }, response) => {
    if (path.includes('embeddings')) return void response.socket?.resetAndDestroy();
    response.statusCode = path.includes('completions') ? 200 : 401;
    response.end(JSON.stringify({ id: 'x', echo: prompt }));
  });
  const program = startProgram('start', [], {
    PORT: String(port),
    HOST: '127.0.0.1',
    STATE_DIR: join(state, 'state'),
    DEV_VARS_FILE: join(state, '.dev.vars'),
    ADMIN_KEY: adminKey,
    DEMO: '0',
    OPENAI_API_KEY: 'sk-key-of-the-operator',
    OPENAI_BASE_URL: upstream.url,
  });
  try {
    await program.printed('curl');
    const url = `http://127.0.0.1:${port}`;
    const manage = { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json' };
    const made = await fetch(`${url}/api/tokens`, { method: 'POST', headers: manage, body: '{"name":"x"}' });
    const { id, token } = (await made.json()) as { id: string; token: string };
    const messages = [{ role: 'user', content: prompt }];
    const bodies: [string, object][] = [
      ['/v1/chat/completions', { model: 'gpt-4o', messages }],
      ['/v1/chat/completions?key=a-query-value&token=another', { model: 'gpt-4o', messages, stream: true }],
      ['/v1/embeddings', { model: 'text-embedding-3-small', input: prompt }],
      ['/v1/responses', { model: 'gpt-4o', input: prompt }],
      ['/v1/chat/completions', { model: 'no-such-model', messages }],
      [`/v1beta/models/gpt-4o:generateContent?key=${token}`, { contents: [{ parts: [{ text: prompt }] }] }],
    ];
    const call = async ([path, body]: [string, object]) => {
      const headers = {
        authorization: `Bearer ${token}`,
        'x-goog-api-key': token,
        'content-type': 'application/json',
      };
      await (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).text();
    };
    for (const given of bodies) await call(given);
    await fetch(`${url}/api/tokens/${id}`, { method: 'DELETE', headers: manage });
    for (const given of bodies) await call(given);
    program.child.kill('SIGTERM');
    const { output } = await program.ended;
    for (const secret of [token, 'sk-key-of-the-operator', prompt, 'a-query-value', upstream.url.slice(7)]) {
      expect(output).not.toContain(secret);
    }
  } finally {
    program.child.kill('SIGKILL');
    await upstream.stop();
    rmSync(state, { recursive: true, force: true });
  }
});
