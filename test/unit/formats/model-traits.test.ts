// Tests requests for models with limits: Gemini's levels, Claude's thinking, OpenAI's efforts. The tables of
// traits quote the providers' own refusals.
import { describe, expect, it } from 'vitest';
import type { NeutralRequest } from '../../../src/formats/neutral.ts';
import { openaiModelTraits } from '../../../src/formats/openai-models.ts';
import { emptyRequest } from '../../../src/formats/request-fields.ts';
import type { WrittenRequest } from '../../../src/formats/wire-format.ts';
import type { JsonObject } from '../../../src/lib/json.ts';
import { firstTurn } from '../../support/agent-turns.ts';
import { type ConversationId, conversationOf, requestOf } from '../../support/formats.ts';

function read(format: ConversationId, body: JsonObject): NeutralRequest {
  return requestOf(conversationOf(format).readRequest(body, { model: 'm', stream: false }));
}

const chat = (more: JsonObject) => read('openai-chat', { ...firstTurn('openai-chat'), ...more });
const forGemini = (model: string, request: NeutralRequest) =>
  (
    conversationOf('gemini-generate').writeRequest(request, { model, provider: 'gemini' }).body
      .generationConfig as JsonObject
  )?.thinkingConfig as JsonObject | undefined;
const forClaude = (model: string, request: NeutralRequest): WrittenRequest =>
  conversationOf('anthropic-messages').writeRequest(request, { model, provider: 'anthropic' });

describe('the thinking level for Gemini', () => {
  const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];
  it.each([
    ['gemini-3-pro-preview', 'LOW LOW LOW HIGH HIGH HIGH'],
    ['gemini-3.1-pro-preview', 'LOW LOW LOW MEDIUM HIGH HIGH'],
    ['models/gemini-3.1-pro', 'LOW LOW LOW MEDIUM HIGH HIGH'],
    ['gemini-pro-latest', 'LOW LOW LOW MEDIUM HIGH HIGH'],
    ['gemini-3-flash-preview', 'MINIMAL MINIMAL LOW MEDIUM HIGH HIGH'],
    ['gemini-3.5-flash', 'MINIMAL MINIMAL LOW MEDIUM HIGH HIGH'],
    ['gemini-3.7-flash', 'LOW LOW LOW MEDIUM HIGH HIGH'],
    ['google/gemini-3.8-flash', 'LOW LOW LOW MEDIUM HIGH HIGH'],
    ['gemini-3.1-flash-lite', 'MINIMAL MINIMAL LOW MEDIUM HIGH HIGH'],
    ['gemini-3.8-flash-lite', 'MINIMAL MINIMAL LOW MEDIUM HIGH HIGH'],
    ['gemini-3.1-flash-image', 'MINIMAL MINIMAL MINIMAL HIGH HIGH HIGH'],
    ['gemini-3-pro-image', 'LOW LOW LOW HIGH HIGH HIGH'],
    ['gemini-4-ultra', 'LOW LOW LOW MEDIUM HIGH HIGH'],
  ])('is one that %s supports', (model, levels) => {
    const written = efforts.map(
      (reasoning_effort) => forGemini(model, chat({ reasoning_effort }))?.thinkingLevel,
    );
    expect(written.join(' ')).toBe(levels);
  });

  it('is the lowest one if a Messages caller disables thinking', () => {
    const off = (thinking: JsonObject) =>
      read('anthropic-messages', { ...firstTurn('anthropic-messages'), thinking });
    expect(forGemini('gemini-3.1-pro', off({ type: 'disabled' }))).toEqual({ thinkingLevel: 'LOW' });
    expect(forGemini('gemini-3-flash', off({ type: 'between_tools' }))).toEqual({ thinkingLevel: 'MINIMAL' });
  });

  it('is a budget for models before 3, and absent for models that do not think', () => {
    const low = chat({ reasoning_effort: 'none' });
    expect(forGemini('gemini-2.5-pro', low)).toEqual({ thinkingBudget: 128 });
    expect(forGemini('gemini-2.5-flash', low)).toEqual({ thinkingBudget: 0 });
    expect(forGemini('gemini-2.5-flash-lite', chat({ reasoning_effort: 'low' }))?.thinkingBudget).toBe(2_048);
    for (const model of ['gemini-2.0-flash', 'gemini-2.5-flash-image', 'gemma-3-27b-it'])
      expect(forGemini(model, chat({ reasoning_effort: 'high' }))).toBeUndefined();
  });
});

const binding = { block_binding: { prefix_mismatch_behavior: 'drop_block' } };
const bindingBetas = ['thinking-binding-controls-2026-08-01'];
const always = [
  'claude-opus-5-5',
  'claude-fable-5-1',
  'claude-mythos-5-2',
  'anthropic/claude-opus-5.5',
  'us.anthropic.claude-fable-5-2',
];

describe.each(always)('%s, which always thinks and binds its thoughts,', (model) => {
  it('gets the lowest effort if thinking is disabled, which is reported', () => {
    const { body, betas, dropped } = forClaude(model, chat({ reasoning_effort: 'none' }));
    expect(body.thinking).toEqual({ type: 'adaptive', display: 'omitted', ...binding });
    expect(body.output_config).toEqual({ effort: 'low' });
    expect([betas, dropped]).toEqual([bindingBetas, ['reasoning_effort']]);
  });

  it('is never forced to call a tool', () => {
    for (const tool_choice of ['required', { type: 'function', function: { name: 'look' } }]) {
      const { body, dropped } = forClaude(model, chat({ tool_choice, parallel_tool_calls: false }));
      expect(body.tool_choice).toEqual({ type: 'auto', disable_parallel_tool_use: true });
      expect(dropped).toEqual(['tool_choice']);
    }
    const gemini = read('gemini-generate', {
      ...firstTurn('gemini-generate'),
      generationConfig: { thinkingConfig: { thinkingBudget: 0 } },
      toolConfig: { functionCallingConfig: { mode: 'ANY' } },
    });
    const { body, dropped } = forClaude(model, gemini);
    expect(body.tool_choice).toEqual({ type: 'auto' });
    expect([...dropped].sort()).toEqual(['generationConfig.thinkingConfig', 'toolConfig']);
  });

  it('shows text between calls and drops changed thoughts by default', () => {
    const { body, betas, dropped } = forClaude(model, chat({}));
    expect(body.thinking).toEqual({ type: 'adaptive', display: 'summarized', ...binding });
    expect([betas, dropped]).toEqual([bindingBetas, []]);
  });

  it('gets no sampling parameters, and a schema natively', () => {
    const response_format = {
      type: 'json_schema',
      json_schema: { name: 'a', schema: { type: 'object', properties: {} } },
    };
    const { body, dropped } = forClaude(model, chat({ temperature: 0.2, top_p: 0.5, response_format }));
    expect(body).not.toHaveProperty('temperature');
    expect(body).not.toHaveProperty('top_p');
    expect(body).not.toHaveProperty('tool_choice');
    expect((body.output_config as JsonObject).format).toMatchObject({ type: 'json_schema' });
    expect(dropped).toEqual(['temperature', 'top_p']);
  });
});

describe('Claude Sonnet 5.5', () => {
  it('only thinks between tools if thinking is disabled', () => {
    const { body, betas, dropped } = forClaude('claude-sonnet-5-5', chat({ reasoning_effort: 'none' }));
    expect(body.thinking).toEqual({ type: 'between_tools' });
    expect(body).not.toHaveProperty('output_config');
    expect([betas, dropped]).toEqual([undefined, []]);
  });

  it('thinks with an effort, and is never forced to call a tool', () => {
    const { body, betas } = forClaude(
      'claude-sonnet-5-5',
      chat({ reasoning_effort: 'xhigh', tool_choice: 'required' }),
    );
    expect(body.thinking).toEqual({ type: 'adaptive', display: 'summarized', ...binding });
    expect(body.output_config).toEqual({ effort: 'xhigh' });
    expect(body.tool_choice).toEqual({ type: 'auto' });
    expect(betas).toEqual(bindingBetas);
  });
});

describe('a Claude model that binds thoughts, with thinking disabled,', () => {
  it.each([
    ['claude-sonnet-5-5', 'between_tools', 0],
    ['claude-haiku-5-5', 'disabled', 0],
    ['claude-opus-5', 'disabled', 1],
  ])('gets earlier thoughts only if it cannot refuse them: %s', (model, type, thoughts) => {
    const request = chat({ reasoning_effort: 'none' });
    const signature = { origin: 'anthropic-messages', kind: 'signature', value: 's' } as const;
    const turn = {
      role: 'assistant' as const,
      parts: [
        { type: 'reasoning' as const, text: 't', signature },
        { type: 'text' as const, text: 'Hi.' },
      ],
      at: 'messages[2]',
    };
    const { body, dropped } = forClaude(model, { ...request, messages: [...request.messages, turn] });
    expect(body.thinking).toEqual({ type });
    expect(JSON.stringify(body).split('"signature"').length - 1).toBe(thoughts);
    expect(dropped).toEqual([]);
  });
});

describe('another Claude model', () => {
  it.each([
    ['claude-fable-5', 'never', { type: 'adaptive', display: 'omitted' }],
    ['claude-mythos-5-1', 'never', { type: 'adaptive', display: 'omitted' }],
    ['claude-mythos-preview', 'never', { type: 'adaptive', display: 'omitted' }],
    ['claude-opus-5', 'off', { type: 'disabled' }],
    ['claude-sonnet-5', 'off', { type: 'disabled' }],
    ['claude-opus-4-8', 'off', { type: 'disabled' }],
    ['claude-opus-4-5-20251101', 'off', { type: 'disabled' }],
    ['claude-3-5-haiku-latest', 'off', undefined],
  ])('%s is configured to think %s', (model, _, thinking) => {
    const { body, betas } = forClaude(model, chat({ reasoning_effort: 'none' }));
    expect(body.thinking).toEqual(thinking);
    expect(betas).toBeUndefined();
  });

  it.each([
    ['claude-opus-4-6', 'high'],
    ['claude-sonnet-4-6', 'high'],
    ['claude-opus-4-7', 'xhigh'],
    ['claude-sonnet-5', 'xhigh'],
    ['claude-haiku-5-5', 'xhigh'],
  ])('%s gets the effort xhigh as %s', (model, effort) => {
    expect(forClaude(model, chat({ reasoning_effort: 'xhigh' })).body.output_config).toEqual({ effort });
    expect(forClaude(model, chat({ reasoning_effort: 'minimal' })).body.output_config).toEqual({
      effort: 'low',
    });
  });

  it('gets no thinking members unless requested if it does not bind thoughts', () => {
    for (const model of ['claude-opus-5', 'claude-opus-4-6', 'claude-sonnet-4-5', 'kimi-k3'])
      expect(forClaude(model, chat({})).body).not.toHaveProperty('thinking');
  });

  it('is forced to call a tool if it supports that', () => {
    for (const model of ['claude-opus-5', 'claude-fable-5', 'claude-sonnet-4-5', 'claude-haiku-5-5'])
      expect(forClaude(model, chat({ tool_choice: 'required' })).body.tool_choice).toEqual({ type: 'any' });
  });

  it.each([
    ['claude-3-haiku-20240307', 4_096],
    ['claude-3-5-sonnet-20241022', 8_192],
    ['claude-opus-4-20250514', 32_000],
    ['claude-opus-4-1', 32_000],
    ['claude-sonnet-4-20250514', 64_000],
    ['claude-sonnet-4-6', 64_000],
    ['claude-opus-4-6', 128_000],
    ['claude-sonnet-5-5', 128_000],
    ['claude-haiku-5-5', 128_000],
  ])('%s has an output limit of %i tokens', (model, tokens) => {
    expect(forClaude(model, chat({})).body.max_tokens).toBe(tokens);
  });
});

describe('an OpenAI model’s efforts', () => {
  it.each([
    ['gpt-5', 'minimal low medium high'],
    ['gpt-5-pro', 'high'],
    ['gpt-5-codex', 'low medium high'],
    ['gpt-5.1', 'none low medium high'],
    ['gpt-5.1-codex', 'low medium high'],
    ['gpt-5.1-codex-mini', 'medium high'],
    ['gpt-5.1-codex-max', 'low medium high xhigh'],
    ['gpt-5.3-codex', 'low medium high xhigh'],
    ['gpt-5.4', 'none low medium high xhigh'],
    ['gpt-5.5-pro', 'medium high xhigh'],
    ['openai/gpt-5.6-sol', 'none low medium high xhigh max'],
    ['gpt-6-luna', 'none low medium high xhigh max'],
    ['gpt-6-astra', 'low medium high xhigh max'],
    ['gpt-6.1-sol', 'low medium high xhigh max'],
    ['gpt-6.1-terra', 'none low medium high xhigh max'],
    ['gpt-6.2-sol', 'low medium high xhigh max'],
    ['openai/gpt-6.2-astra', 'low medium high xhigh max'],
    ['gpt-5.6-cyber', 'low medium high xhigh max'],
    ['o3', 'low medium high'],
    ['gpt-4o', undefined],
  ])('include for %s: %s', (model, efforts) => {
    expect(openaiModelTraits(model).efforts?.join(' ')).toBe(efforts);
  });

  it.each([
    ['gpt-4.1', ''],
    ['gpt-5.2', ''],
    ['gpt-5.4', 'low high'],
    ['gpt-5.5', 'unsaid low high'],
    ['gpt-5.6-terra', 'unsaid low high'],
    ['gpt-6-sol', 'unsaid low high'],
    ['gpt-6-astra', 'unsaid none low high'],
    ['gpt-6.2-sol', 'unsaid none low high'],
    ['gpt-5.5-chat', ''],
  ])('rule out functions in chat completions for %s: %s', (model, efforts) => {
    const { refusesChatFunctions } = openaiModelTraits(model);
    const refused = ([undefined, 'none', 'low', 'high'] as const).filter((effort) =>
      refusesChatFunctions(effort),
    );
    expect(refused.map((effort) => effort ?? 'unsaid').join(' ')).toBe(efforts);
  });

  it('report no loss for a model that always decides how much to think', () => {
    const reasoning = {
      effort: undefined,
      budgetTokens: 'dynamic',
      includeThoughts: true,
      summary: undefined,
    } as const;
    const request = {
      ...emptyRequest('m', false, 'gemini-generate'),
      reasoning,
      paths: { reasoning: 'generationConfig.thinkingConfig' },
    };
    for (const format of ['openai-chat', 'openai-responses'] as const)
      for (const target of [
        { model: 'gpt-5.1', provider: 'openai' },
        { model: 'deepseek-chat', provider: 'openai-compatible' },
      ])
        expect(conversationOf(format).writeRequest(request, target).dropped).toEqual([]);
  });
});
