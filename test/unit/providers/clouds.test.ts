// Tests the addresses of models on clouds, their keys, and their changes to bodies.
import { describe, expect, it } from 'vitest';
import { bedrock } from '../../../src/providers/bedrock.ts';
import { faultOfAwsKey, readAwsKey, regionOfHost } from '../../../src/providers/bedrock-key.ts';
import { gemini } from '../../../src/providers/gemini.ts';
import { vertex } from '../../../src/providers/vertex.ts';
import { targetOf } from './target.ts';

describe('Bedrock', () => {
  it.each([
    ['us-east-1', 'https://bedrock-runtime.us-east-1.amazonaws.com'],
    ['cn-north-1', 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
  ])('calls %s at its own address', (region, host) => {
    const target = targetOf({
      baseUrl: '',
      model: 'anthropic.claude-3-haiku-20240307-v1:0',
      settings: { region },
    });
    const model = 'anthropic.claude-3-haiku-20240307-v1%3A0';
    expect(bedrock.url(target)).toBe(`${host}/model/${model}/invoke`);
    const streams = { ...target, streams: true };
    expect(bedrock.url(streams)).toBe(`${host}/model/${model}/invoke-with-response-stream`);
  });

  it('lists its models from the control plane', () => {
    const target = targetOf({ baseUrl: '', settings: { region: 'us-east-1' } });
    const host = 'https://bedrock.us-east-1.amazonaws.com';
    expect(bedrock.models?.url(target, null)).toBe(`${host}/foundation-models?byProvider=anthropic`);
    expect(bedrock.models?.url(target, 'profiles:a b')).toBe(
      `${host}/inference-profiles?maxResults=1000&nextToken=a%20b`,
    );
  });

  it('recognizes the region only in its own hosts', () => {
    expect(regionOfHost('https://bedrock-runtime.ap-south-1.amazonaws.com')).toBe('ap-south-1');
    expect(regionOfHost('https://bedrock-runtime.us-east-1.amazonaws.com.evil.example')).toBeNull();
    expect(regionOfHost('https://vpce-1.bedrock-runtime.us-east-1.vpce.amazonaws.com')).toBeNull();
  });

  it('distinguishes credentials from Bedrock API keys', () => {
    const [id, secret, session] = [
      'AKIAIOSFODNN7EXAMPLE',
      'wJalrXUtnFEMI/K7MDENG+bPxRfiCY',
      'IQoJb3JpZ2lu/+=',
    ];
    expect(readAwsKey(`${id}:${secret}`)).toMatchObject({ accessKeyId: id, secretAccessKey: secret });
    expect(readAwsKey(`${id}:${secret}:${session}`)).toMatchObject({ sessionToken: session });
    expect(readAwsKey('bedrock-api-key-YmVk')).toEqual({ kind: 'bearer', token: 'bedrock-api-key-YmVk' });
    expect(faultOfAwsKey(`${id}:${secret}:${session}`)).toBeNull();
    expect(faultOfAwsKey(`${id}:short`)).toContain('ACCESS_KEY_ID:SECRET_ACCESS_KEY');
    expect(faultOfAwsKey(`${id}:${secret}:`)).toContain('SESSION_TOKEN');
  });

  it('changes only the necessary members of a body', () => {
    const text =
      '{"model":"m", "stream":true,"max_tokens":9007199254740993,\n"x":{"model":"y"},"anthropic_beta":["a"]}';
    const headers = new Headers({ 'anthropic-version': '2023-06-01', 'anthropic-beta': 'b, a' });
    const { text: sent, dropped } = bedrock.adapt?.(text, headers, targetOf({})) ?? {};
    expect(sent).toBe(
      '{"max_tokens":9007199254740993,\n"x":{"model":"y"},"anthropic_beta":["a","b"],"anthropic_version":"bedrock-2023-05-31"}',
    );
    expect(dropped).toEqual([]);
    expect([...headers.keys()]).toEqual(['accept']);
  });
});

describe('Claude Code’s billing line', () => {
  const line = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.97b;' };
  const prompt = { type: 'text', text: 'You are Claude Code.' };

  it.each([
    ['Bedrock', bedrock],
    ['Vertex', vertex],
  ])('is not sent to %s, and not reported as dropped', (_name, provider) => {
    const adapted = (system: unknown) => {
      const text = JSON.stringify({ max_tokens: 1, system, messages: [] });
      const { text: sent = '', dropped } =
        provider.adapt?.(text, new Headers(), targetOf({ model: 'claude-opus-5' })) ?? {};
      return [JSON.parse(sent).system, dropped];
    };
    expect(adapted([line, prompt])).toEqual([[prompt], []]);
    expect(adapted(`${line.text}\n${prompt.text}`)).toEqual([prompt.text, []]);
    expect(adapted([line])).toEqual([undefined, []]);
    const about = [{ ...prompt, text: `Do not say ${line.text}` }];
    expect(adapted(about)).toEqual([about, []]);
  });
});

describe('the setting for a thought whose history changed', () => {
  const body = (block_binding: unknown) =>
    JSON.stringify({
      thinking: { type: 'adaptive', block_binding },
      messages: [{ role: 'user', content: '"prefix_mismatch_behavior"' }],
    });
  const thinkingAt = (provider: typeof bedrock, text: string) => {
    const headers = new Headers({ 'anthropic-beta': 'thinking-binding-controls-2026-08-01' });
    const { text: sent = '' } = provider.adapt?.(text, headers, targetOf({ model: 'claude-opus-5-5' })) ?? {};
    return [
      JSON.parse(sent).thinking.block_binding,
      JSON.parse(sent).anthropic_beta ?? headers.get('anthropic-beta'),
    ];
  };

  it('has Bedrock’s own name at Bedrock, and Anthropic’s at Vertex', () => {
    const own = { prefix_mismatch_behavior: 'drop_block' };
    expect(thinkingAt(bedrock, body(own))).toEqual([
      { mismatch_behavior: 'drop_block' },
      ['thinking-binding-controls-2026-08-01'],
    ]);
    expect(thinkingAt(vertex, body(own))).toEqual([own, 'thinking-binding-controls-2026-08-01']);
  });

  it('stays unchanged if absent or already in Bedrock’s name', () => {
    for (const given of [undefined, null, {}, { mismatch_behavior: 'error' }])
      expect(thinkingAt(bedrock, body(given))[0]).toEqual(given);
  });
});

describe('Claude’s prompt caching on other clouds', () => {
  const blocks = (cache_control: object) =>
    JSON.stringify({
      max_tokens: 1,
      cache_control: { type: 'ephemeral' },
      system: [{ type: 'text', text: 'the "scope" of it', cache_control }],
      tools: [{ name: 'f', input_schema: { properties: { scope: { type: 'string' } } } }],
    });

  it.each([
    ['Bedrock', bedrock],
    ['Vertex', vertex],
  ])('applies to single blocks without a shared scope on %s', (_name, provider) => {
    const scoped = blocks({ type: 'ephemeral', ttl: '1h', scope: 'global' });
    const beta = 'prompt-caching-scope-2026-01-05';
    const headers = new Headers({ 'anthropic-beta': `${beta},context-1m-2025-08-07` });
    const adapted = provider.adapt?.(scoped, headers, targetOf({ model: 'claude' }));
    const sent = JSON.parse(adapted?.text ?? '');
    expect(sent).toMatchObject({
      system: [{ text: 'the "scope" of it', cache_control: { type: 'ephemeral', ttl: '1h' } }],
      tools: [{ input_schema: { properties: { scope: { type: 'string' } } } }],
    });
    expect(sent.system[0].cache_control.scope).toBeUndefined();
    expect(sent.cache_control).toBeUndefined();
    expect(adapted?.dropped).toEqual(['cache_control', 'cache_control.scope', `anthropic-beta.${beta}`]);
    expect(headers.get('anthropic-beta') ?? sent.anthropic_beta[0]).toBe('context-1m-2025-08-07');
  });

  it('leaves markers of single blocks unchanged', () => {
    const { cache_control: _, ...plain } = JSON.parse(blocks({ type: 'ephemeral' }));
    const adapted = vertex.adapt?.(JSON.stringify(plain), new Headers(), targetOf({ model: 'claude' }));
    expect(adapted?.dropped).toEqual([]);
    expect(JSON.parse(adapted?.text ?? '')).toEqual({ ...plain, anthropic_version: 'vertex-2023-10-16' });
  });
});

describe('Vertex', () => {
  const account = JSON.stringify({ client_email: 'a@b', private_key: 'p', project_id: 'own' });
  const urlOf = (model: string, settings = {}, key: string | null = account, baseUrl = '') =>
    vertex.url(targetOf({ baseUrl, operation: 'generate-content', model, settings, key }));
  const path = 'publishers/google/models/gemini-2.5-pro:generateContent';

  it.each([
    ['global', 'https://aiplatform.googleapis.com'],
    ['us-east5', 'https://us-east5-aiplatform.googleapis.com'],
    ['eu', 'https://aiplatform.eu.rep.googleapis.com'],
  ])('calls %s at its own address, in the account’s project', (location, host) => {
    expect(urlOf('gemini-2.5-pro', { location })).toBe(
      `${host}/v1/projects/own/locations/${location}/${path}`,
    );
  });

  it('accepts the global location, another project, and an API key without a project', () => {
    const host = 'https://aiplatform.googleapis.com/v1';
    expect(urlOf('gemini-2.5-pro', { project: 'p' })).toBe(`${host}/projects/p/locations/global/${path}`);
    expect(urlOf('gemini-2.5-pro', {}, 'AQ.key')).toBe(`${host}/${path}`);
    expect(urlOf('gemini-2.5-pro', { project: 'p' }, 'AQ.key')).toBe(
      `${host}/projects/p/locations/global/${path}`,
    );
  });

  it('accepts an address with a version, and a model with a path', () => {
    const model = 'publishers/google/models/gemini-2.5-pro';
    expect(urlOf(model, {}, 'AQ.key', 'https://proxy.example/v1')).toBe(`https://proxy.example/v1/${path}`);
  });

  it('accepts only a plain name as a model’s name', () => {
    const model = 'gemini:predict?x=1#/../y:z';
    const name = 'gemini%3Apredict%3Fx%3D1%23%2F..%2Fy%3Az';
    const path = `/publishers/google/models/${name}:generateContent`;
    expect(new URL(urlOf(model, {}, 'AQ.key')).pathname).toBe(`/v1${path}`);
    const target = targetOf({ operation: 'generate-content', model: 'gemini-2.5-pro:predict?x=1#' });
    expect(gemini.url(target)).toBe(
      'https://upstream.example/v1beta/models/gemini-2.5-pro%3Apredict%3Fx%3D1%23:generateContent',
    );
    const claude = targetOf({ model: 'claude-opus-4-5@20251101', key: 'AQ.key' });
    expect(vertex.url(claude)).toContain('/models/claude-opus-4-5@20251101:rawPredict');
  });

  it('finds no other model in a name that a token may use', () => {
    for (const model of ['gemini-2.0-flash/gemini-2.5-pro', 'gemini-2.0-flash/../gemini-2.5-pro']) {
      const named = [
        urlOf(model, {}, 'AQ.key'),
        gemini.url(targetOf({ operation: 'generate-content', model })),
      ];
      for (const url of named) expect(new URL(url).pathname).toContain('/models/gemini-2.0-flash');
    }
    expect(urlOf('google/gemini-2.5-pro', {}, 'AQ.key')).toContain(`/v1/${path}`);
  });

  it('serves Claude’s operations for Claude, and Gemini’s for other models', () => {
    const address = { baseUrl: null, settings: {} };
    expect([...vertex.operations(address, 'claude-opus-4-5')]).toContain('messages');
    expect([...vertex.operations(address, 'gemini-2.5-pro')]).toContain('stream-generate-content');
    expect(vertex.talks('claude-opus-4-5', address)).toBe('anthropic-messages');
    expect(vertex.talks('gemini-2.5-pro', address)).toBe('gemini-generate');
  });
});
