// Tests what shapes an upstream request: betas, the session as a cache key, the channel's switch for prompt
// caches, and thoughts of models other than Claude.
import { describe, expect, it } from 'vitest';
import type { OperationId } from '../../../../src/formats/format-id.ts';
import { objectsAt } from '../../../../src/formats/json-reader.ts';
import { formats } from '../../../../src/formats/registry.ts';
import type { JsonObject } from '../../../../src/lib/json.ts';
import type { ChannelSettings } from '../../../../src/providers/channel-settings.ts';
import type { ProviderName } from '../../../../src/providers/provider-name.ts';
import type { Call } from '../../../../src/relay/call.ts';
import type { PricedRoute } from '../../../../src/relay/plan/candidate-routes.ts';
import type { Plan } from '../../../../src/relay/plan/plan.ts';
import { headersFor, outgoingBody } from '../../../../src/relay/upstream/build-request.ts';
import { firstTurn } from '../../../support/agent-turns.ts';
import type { ConversationId } from '../../../support/formats.ts';

interface Sent {
  operation: OperationId;
  body: JsonObject;
  headers?: Record<string, string>;
  provider: ProviderName;
  model: string;
  settings?: ChannelSettings;
  channelHeaders?: Record<string, string>;
  /** Null if the channel uses the caller's format. */
  format: ConversationId | null;
}

/** Returns the request that the upstream receives. */
function sent({
  operation,
  body,
  headers = {},
  provider,
  model,
  settings = {},
  channelHeaders = {},
  format,
}: Sent) {
  const text = JSON.stringify(body);
  const endpoint = formats.endpoint(operation);
  const request = new Request('http://relay.test/', { method: 'POST', headers, body: text });
  const call = {
    request,
    endpoint,
    formats,
    requestId: 'req_1',
    startedAtMs: 0,
    pathModel: null,
    identity: { tokenId: 't', accountId: 'acc' },
  } as Call;
  const bytes = new TextEncoder().encode(text).buffer;
  const plan = {
    facts: { stream: false, model },
    model,
    body: { type: 'json', bytes, text, value: body },
    cost: { isShown: false, isAskedInBody: false, ceilingNanoUsd: null },
    keeps: false,
  } as unknown as Plan;
  const channel = { provider, settings, headers: channelHeaders, baseUrl: null };
  const target = format && { type: 'conversation', format };
  const route = {
    channel,
    upstreamModel: model,
    model,
    effort: null,
    translateTo: target,
  } as unknown as PricedRoute;
  const outgoing = outgoingBody(call, plan, route, new AbortController(), null);
  const written =
    typeof outgoing.body === 'string'
      ? outgoing.body
      : new TextDecoder().decode(outgoing.body as ArrayBuffer);
  return {
    body: JSON.parse(written) as JsonObject,
    isUntouched: written === text,
    dropped: outgoing.translated?.translation.dropped ?? [],
    headers: headersFor(call, plan, route, outgoing.translated),
  };
}

const toClaude = {
  operation: 'chat-completions',
  body: firstTurn('openai-chat'),
  provider: 'anthropic',
  format: 'anthropic-messages',
} as const;
const beta = 'thinking-binding-controls-2026-08-01';

describe('a translated request to Claude', () => {
  it('requests the binding controls if the model binds thoughts, beside the channel’s own betas', () => {
    expect(sent({ ...toClaude, model: 'claude-opus-5-5' }).headers.get('anthropic-beta')).toBe(beta);
    const channelHeaders = { 'anthropic-beta': 'context-1m-2025-08-07' };
    expect(
      sent({ ...toClaude, model: 'claude-fable-5-1', channelHeaders }).headers.get('anthropic-beta'),
    ).toBe(`context-1m-2025-08-07,${beta}`);
    expect(sent({ ...toClaude, model: 'claude-opus-5' }).headers.has('anthropic-beta')).toBe(false);
  });

  it('gets cache markers unless the channel disables them', () => {
    expect(sent({ ...toClaude, model: 'claude-opus-5' }).body.cache_control).toEqual({ type: 'ephemeral' });
    const off = sent({ ...toClaude, model: 'claude-opus-5', settings: { promptCache: false } });
    expect(JSON.stringify(off.body)).not.toContain('cache_control');
  });
});

describe('a native request', () => {
  const body = { ...firstTurn('anthropic-messages', 'claude-opus-5-5') };
  const native = {
    operation: 'messages',
    provider: 'anthropic',
    model: 'claude-opus-5-5',
    format: null,
  } as const;
  const assistant = (...content: JsonObject[]) => ({
    ...body,
    messages: [
      { role: 'user', content: 'x' },
      { role: 'assistant', content },
      { role: 'user', content: 'y' },
    ],
  });
  const text = { type: 'text', text: 'a' };

  it('stays unchanged, including Claude’s thoughts and an empty signature elsewhere', () => {
    const own = assistant({ type: 'thinking', thinking: 't', signature: 's' }, text);
    const tool = assistant(text, {
      type: 'tool_use',
      id: 't',
      name: 'look',
      input: { type: 'thought', signature: '' },
    });
    for (const one of [body, own, tool]) {
      const { isUntouched, headers } = sent({ ...native, body: one });
      expect([isUntouched, headers.has('anthropic-beta')]).toEqual([true, false]);
    }
  });

  it('stays unchanged for other models behind Anthropic’s API, whose thoughts have no signature', () => {
    const unsigned = assistant({ type: 'thinking', thinking: 't', signature: '' }, text);
    expect(sent({ ...native, model: 'kimi-k3', body: unsigned }).isUntouched).toBe(true);
  });

  it('drops unsigned thoughts, even in strict mode, and preserves its betas', () => {
    for (const thought of [
      { type: 'thinking', thinking: 't', signature: '' },
      { type: 'thinking', thinking: 't' },
    ]) {
      const headers = { 'x-relay-strict': '1', 'anthropic-beta': 'context-management-2025-06-27' };
      const {
        body: written,
        dropped,
        headers: to,
      } = sent({ ...native, body: assistant(thought, text), headers });
      expect(objectsAt(objectsAt(written, 'messages')[1], 'content')).toEqual([text]);
      expect(dropped).toEqual([]);
      expect(to.get('anthropic-beta')).toBe(`context-management-2025-06-27,${beta}`);
    }
  });
});

describe('the prompt cache key', () => {
  const toOpenai = {
    operation: 'messages',
    body: firstTurn('anthropic-messages'),
    provider: 'openai',
    model: 'gpt-5.6',
    format: 'openai-responses',
  } as const;
  const headers = { 'x-claude-code-session-id': 'session-1' };
  const key = (more: Partial<Sent>) => sent({ ...toOpenai, headers, ...more }).body.prompt_cache_key;

  it('is derived from the session that the client names', () => {
    expect(key({})).toMatch(/^[0-9a-f]{32}$/);
    expect(key({})).toBe(key({}));
    expect(key({ format: 'openai-chat', provider: 'azure' })).toBe(key({}));
    expect(key({ headers: { 'x-claude-code-session-id': 'session-2' } })).not.toBe(key({}));
  });

  it('is absent without a session, for imitators and for native requests', () => {
    expect(key({ headers: {} })).toBeUndefined();
    expect(key({ format: 'openai-chat', provider: 'openai-compatible' })).toBeUndefined();
    const own = {
      operation: 'responses',
      body: firstTurn('openai-responses', 'gpt-5.6'),
      format: null,
    } as const;
    expect(sent({ ...toOpenai, ...own, headers }).isUntouched).toBe(true);
  });
});

describe('Claude Code’s billing line', () => {
  const line = { type: 'text', text: 'x-anthropic-billing-header: cc_version=2.1.197.97b;' };
  const prompt = { type: 'text', text: 'You are Claude Code.' };
  const body = { ...firstTurn('anthropic-messages'), system: [line, prompt] };
  const strict = { 'x-relay-strict': '1' };

  it.each([
    ['openai', 'openai-responses', 'gpt-5.6'],
    ['gemini', 'gemini-generate', 'gemini-3.1-pro'],
    ['openai-compatible', 'openai-chat', 'deepseek-chat'],
  ] as const)('is not sent to %s, and not reported as dropped', (provider, format, model) => {
    const { body: written, dropped } = sent({
      operation: 'messages',
      body,
      headers: strict,
      provider,
      format,
      model,
    });
    expect(JSON.stringify(written)).not.toContain('billing-header');
    expect(JSON.stringify(written)).toContain(prompt.text);
    expect(dropped).toEqual([]);
  });

  it('is sent to Anthropic unchanged', () => {
    expect(
      sent({ operation: 'messages', body, provider: 'anthropic', format: null, model: 'm' }).isUntouched,
    ).toBe(true);
  });
});
