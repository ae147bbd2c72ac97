// Upstreams that differ from the API they imitate: known hosts by their presets, and Azure's two API surfaces.
import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { type OpenRelay, openRelay } from './open-relay.ts';
import { ownHeader } from './routes.ts';

let relay: OpenRelay;
let token: string;

beforeEach(async () => {
  await env.DB.prepare('DELETE FROM channels').run();
  relay = openRelay();
  relay.upstream = () =>
    Response.json({
      object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
    });
  ({ token } = await relay.token());
});

const headers = () => ({ 'content-type': 'application/json', authorization: `Bearer ${token}` });
const sent = () => JSON.parse(relay.received.at(-1)?.body ?? '{}');
const preset = (name: string, fields: object = {}) =>
  relay.channel({
    name,
    provider: 'openai-compatible',
    preset: name,
    keys: ['the-key-of-it'],
    models: ['m'],
    ...fields,
  });

const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
const fromGemini = (generationConfig: object, more: object = {}) =>
  relay.fetch('/v1beta/models/m:generateContent', {
    method: 'POST',
    headers: { ...headers(), ...more },
    body: JSON.stringify({ contents, generationConfig }),
  });

describe('provider presets', () => {
  it('fills in the address of a preset, and stores the preset with the channel', async () => {
    const { id } = await preset('mistral');
    const { body } = await relay.manage('GET', `/channels/${id}`);
    expect([body.base_url, body.settings]).toEqual(['https://api.mistral.ai/v1', { preset: 'mistral' }]);
    const own = await preset('vllm', {
      base_url: 'http://10.0.0.5:8000/v1',
      settings: { responses_api: true },
    });
    const other = (await relay.manage('GET', `/channels/${own.id}`)).body;
    expect([other.base_url, other.settings]).toEqual([
      'http://10.0.0.5:8000/v1',
      { preset: 'vllm', responses_api: true },
    ]);
    await expect(preset('mistral', { provider: 'openai' })).rejects.toThrow('400');
    await expect(preset('nobody')).rejects.toThrow('400');
  });

  it('does not request usage in a stream where the upstream refuses that', async () => {
    const stream = (content: string) =>
      relay.fetch('/v1/chat/completions', {
        method: 'POST',
        headers: headers(),
        body: JSON.stringify({ model: 'm', stream: true, messages: [{ role: 'user', content }] }),
      });
    const { id } = await preset('mistral');
    await stream('hi');
    expect(sent()).not.toHaveProperty('stream_options');
    await relay.manage('DELETE', `/channels/${id}`);
    await preset('deepseek');
    await stream('hi');
    expect(sent().stream_options).toEqual({ include_usage: true });
  });

  it('removes fields from a translated request that the upstream refuses, and names them', async () => {
    await preset('mistral');
    const reply = await fromGemini({ seed: 7, responseLogprobs: true, maxOutputTokens: 50 });
    expect(reply.status).toBe(200);
    expect(sent()).toMatchObject({ random_seed: 7, max_tokens: 50 });
    expect(Object.keys(sent())).not.toEqual(expect.arrayContaining(['logprobs']));
    expect(sent()).not.toHaveProperty('seed');
    expect(reply.headers.get('x-relay-dropped')).toBe('generationConfig.responseLogprobs');
    const strict = await fromGemini({ responseLogprobs: true }, { 'x-relay-strict': '1' });
    expect(strict.status).toBe(400);
  });

  it('requests one choice where the upstream refuses more', async () => {
    await preset('groq');
    const one = await fromGemini({ candidateCount: 1 });
    expect([one.headers.get('x-relay-dropped'), 'n' in sent()]).toEqual([null, false]);
    const two = await fromGemini({ candidateCount: 2 });
    expect([two.headers.get('x-relay-dropped'), 'n' in sent()]).toEqual([
      'generationConfig.candidateCount',
      false,
    ]);
  });

  it('leaves a request of the upstream’s own format unchanged', async () => {
    await preset('mistral');
    await relay.fetch('/v1/chat/completions', {
      method: 'POST',
      headers: headers(),
      body: JSON.stringify({
        model: 'm',
        seed: 7,
        logprobs: true,
        messages: [{ role: 'user', content: 'hi' }],
      }),
    });
    expect(sent()).toMatchObject({ seed: 7, logprobs: true });
  });
});

describe('Azure channels', () => {
  const azure = (base_url: string) =>
    relay.channel({
      name: 'azure',
      provider: 'azure',
      base_url,
      keys: ['the-key-of-azure'],
      models: ['gpt-4o'],
      model_map: { 'gpt-4o': 'my deployment' },
    });
  const send = (path = '/v1/chat/completions', body: object = {}) =>
    relay.fetch(path, {
      method: 'POST',
      headers: { ...headers(), ...ownHeader('openai', token) },
      body: JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }], ...body }),
    });

  it.each([
    ['https://x.openai.azure.com', 'https://x.openai.azure.com/openai/v1/chat/completions'],
    ['https://x.openai.azure.com/openai', 'https://x.openai.azure.com/openai/v1/chat/completions'],
    ['https://x.openai.azure.com/openai/v1/', 'https://x.openai.azure.com/openai/v1/chat/completions'],
    [
      'https://x.openai.azure.com?api-version=2024-10-21',
      'https://x.openai.azure.com/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21',
    ],
    [
      'https://x.openai.azure.com/openai?api-version=2024-10-21',
      'https://x.openai.azure.com/openai/deployments/my%20deployment/chat/completions?api-version=2024-10-21',
    ],
  ])('calls the Azure address %s at %s', async (base_url, url) => {
    await azure(base_url);
    expect((await send()).status).toBe(200);
    const [received] = relay.received;
    expect(received?.url).toBe(url);
    expect(received?.headers.get('api-key')).toBe('the-key-of-azure');
    expect(received?.headers.has('authorization')).toBe(false);
    // The deployment's name is in the body too, where the v1 surface reads it.
    expect(sent().model).toBe('my deployment');
  });

  it('translates for callers of other formats', async () => {
    await azure('https://x.openai.azure.com?api-version=2024-10-21');
    const reply = await send('/v1/messages', { max_tokens: 20 });
    expect([reply.status, reply.body.content[0].text]).toEqual([200, 'hi']);
    expect(relay.received[0]?.url).toContain('/deployments/my%20deployment/chat/completions');
  });
});
