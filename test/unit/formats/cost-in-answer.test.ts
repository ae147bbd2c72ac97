// The text of answers with a cost.
import { expect, it } from 'vitest';
import { cutterOf, withCost } from '../../../src/formats/cost-in-answer.ts';

it('changes nothing but the cost in the usage', () => {
  const json = '{ "id": 12345678901234567890, "usage" : {"prompt_tokens": 1 }, "id": "twice" }';
  const priced = '{ "id": 12345678901234567890, "usage" : {"prompt_tokens": 1,"cost":0.05 }, "id": "twice" }';
  expect(withCost('openai', json, '0.05')).toBe(priced);
});

it("replaces an upstream's own cost, and removes what else it says about its prices", () => {
  const usage = {
    cost: 9,
    cost_details: { upstream_inference_cost: 8 },
    is_byok: false,
    cost_in_usd_ticks: 7,
  };
  const priced = withCost('openai', JSON.stringify({ usage: { prompt_tokens: 1, ...usage } }), '0.000000001');
  expect(priced).toBe('{"usage":{"prompt_tokens":1,"cost":0.000000001}}');
});

it('finds the usage of a response in an event, and of Gemini', () => {
  const event = '{"type":"response.completed","response":{"usage":{"input_tokens":1}}}';
  expect(withCost('openai', event, '1')).toContain('{"input_tokens":1,"cost":1}');
  expect(withCost('gemini', '{"usageMetadata":{"a":1}}', '1')).toBe('{"usageMetadata":{"a":1,"cost":1}}');
});

it('leaves JSON without usage as it is', () => {
  for (const json of ['{"usage":null}', '{"data":[]}', '[1]', '{"response":{"usage":null}}'])
    expect(withCost('openai', json, '1')).toBe(json);
  expect(withCost('anthropic', '{"message":{"usage":{"a":1}}}', '1')).toBe('{"message":{"usage":{"a":1}}}');
});

it('cuts a JSON array, however it arrives, without loss', () => {
  const text = ' [{"a":"},{"},\r\n{"b":"\u00e9\u20ac"}\n, {"b":"\u00e9\u20ac"}] \n';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 3, bytes.length]) {
    const cutter = cutterOf('array');
    const pieces = [];
    for (let at = 0; at < bytes.length; at += size) pieces.push(...cutter.push(bytes.slice(at, at + size)));
    pieces.push(...cutter.end());
    expect(pieces.map(({ raw }) => raw).join('')).toBe(text);
    expect(pieces.flatMap(({ data }) => data ?? [])).toHaveLength(3);
  }
});
