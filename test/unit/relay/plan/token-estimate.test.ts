// Compares estimated token counts with o200k counts from gpt-tokenizer 4.0.0 (2026-11), which is too large for a
// dependency.
import { describe, expect, it } from 'vitest';
import { tokensOfText } from '../../../../src/relay/plan/text-tokens.ts';
import { closeCharacters, roughTokensIn, tokensIn } from '../../../../src/relay/plan/token-estimate.ts';
import { agentTools } from '../../../support/agent-tools.ts';

/** The o200k tokens of each tool's JSON, and of all in one array. */
const counted = [435, 264, 196, 130, 146, 71];
const countedTogether = 1_244;

describe('the estimate of an agent’s tools', () => {
  it('is within 15 % of an o200k count, in total and for each tool', () => {
    for (const [index, tool] of agentTools.entries()) {
      const ratio = tokensIn(tool) / (counted[index] ?? 0);
      expect(Math.abs(ratio - 1), tool.name).toBeLessThan(0.15);
    }
    expect(Math.abs(tokensIn(agentTools) / countedTogether - 1)).toBeLessThan(0.15);
  });

  it('counts `$schema` and links as text', () => {
    const schema = { type: 'object', properties: {} };
    const withSchema = { $schema: 'https://json-schema.org/draft/2020-12/schema', ...schema };
    expect(tokensIn({ input_schema: withSchema }) - tokensIn({ input_schema: schema })).toBeLessThan(25);
    const link = 'https://example.com/a/long/path?with=query';
    expect(tokensIn({ messages: [{ role: 'user', content: link }] })).toBeLessThan(35);
    expect(tokensIn({ contents: [{ role: 'user', parts: [{ text: link }] }] })).toBeLessThan(35);
    expect(tokensIn({ messages: [{ content: [{ type: 'tool_use', input: { url: link } }] }] })).toBeLessThan(
      45,
    );
    expect(roughTokensIn({ content: link })).toBeLessThan(25);
  });
});

describe('the estimate of texts', () => {
  const code =
    "export function budgetOf(candidate: ReasoningWish | undefined): number | 'dynamic' | undefined {\n  if (candidate === undefined) return undefined;\n  if (candidate.budgetTokens !== undefined) return candidate.budgetTokens;\n  return candidate.effort === undefined ? undefined : effortBudgets[candidate.effort];\n}\n";
  it.each([
    [
      'English',
      'The relay keeps a request’s reservation until its answer is settled. When the provider reports no usage, the relay estimates it from the text that passed, and marks the row of the log as estimated.',
      40,
    ],
    ['TypeScript', code, 68],
    [
      'Chinese',
      '中转站会保留请求的预留额度，直到回答结算完毕。如果上游没有报告用量，就按经过的文字估算，并在日志里标明。',
      39,
    ],
    [
      'Russian',
      'Ретранслятор удерживает резерв запроса, пока ответ не будет рассчитан. Если провайдер не сообщает расход, он оценивается по тексту.',
      34,
    ],
    [
      'Japanese',
      'リレーは回答が精算されるまでリクエストの予約を保持します。上流が使用量を報告しない場合は、通過した文字数から見積もります。',
      44,
    ],
    ['a link', 'https://platform.claude.com/docs/en/build-with-claude/prompt-caching', 18],
  ])('is within 15 %% of o200k for %s', (_, text, tokens) => {
    expect(Math.abs(tokensOfText(text) / tokens - 1)).toBeLessThan(0.15);
  });

  it('is zero for no text, and at least one otherwise', () => {
    expect(tokensOfText('')).toBe(0);
    expect([tokensIn({}), tokensIn(null), tokensIn([])]).toEqual([1, 1, 1]);
  });
});

describe('the estimate of media', () => {
  const url = 'https://example.com/picture.png';
  it.each([
    ['chat', { type: 'image_url', image_url: { url } }],
    ['Responses', { type: 'input_image', image_url: url }],
    ['a file of Responses', { type: 'input_file', file_url: url }],
    ['Messages', { type: 'image', source: { type: 'url', url } }],
    ['Gemini', { fileData: { fileUri: url, mimeType: 'image/png' } }],
    ['a data URL', { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(90_000)}` } }],
    ['bytes', { inlineData: { mimeType: 'image/png', data: 'A'.repeat(90_000) } }],
  ])('counts one image each: %s', (_, part) => {
    const tokens = tokensIn({ content: [part] });
    expect(tokens).toBeGreaterThan(999);
    expect(tokens).toBeLessThan(1_050);
  });
});

describe('the estimate of a large body', () => {
  it('uses its length above a limit', () => {
    const words = 'many words '.repeat(1_000);
    const texts = Array.from({ length: Math.ceil(closeCharacters / words.length) + 50 }, () => words);
    const within = tokensIn(texts.slice(0, 10)) / 10;
    const beyond = tokensIn(texts) - tokensIn(texts.slice(0, -1));
    expect(Math.abs(within - 2_001)).toBeLessThan(2);
    expect(Math.abs(beyond - words.length / 4)).toBeLessThan(2);
  });
});
