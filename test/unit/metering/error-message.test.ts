import { describe, expect, it } from 'vitest';
import { errorTextOfBody } from '../../../src/formats/error-text.ts';
import { errorMessage, errorMessageLimits } from '../../../src/metering/error-message.ts';
import { allFixtures, reportSkippedReplay } from '../../support/fixtures.ts';

const requestOf = (value: unknown) => ({ text: JSON.stringify(value), value });
const prompt = 'Tell me everything about the secret merger of Acme and Initech';

describe('errorMessage', () => {
  it('cuts out what the request says', () => {
    const request = requestOf({ model: 'gpt-4o', messages: [{ role: 'user', content: prompt }] });
    expect(errorMessage(`Your prompt '${prompt}' was flagged.`, { request })).toBe(
      "Your prompt '…' was flagged.",
    );
    expect(errorMessage(`${prompt.slice(0, 19)} was flagged`, { request })).toContain(prompt.slice(0, 19));
  });

  it('finds quotations of text that JSON escapes, and of the request as it came', () => {
    const content = 'first line\nsecond line with "quotes"\nthird line';
    const request = requestOf({ messages: [{ content }] });
    expect(errorMessage(`bad input: ${content}`, { request })).toBe('bad input: …');
    expect(errorMessage(`bad body: ${request.text}`, { request })).toBe('bad body: …');
  });

  it('cuts long quotations if it does not know all of the request', () => {
    const request = { text: 'file', value: [], isPartial: true };
    expect(errorMessage(`Invalid prompt "${prompt}"`, { request })).toBe('Invalid prompt "…"');
    expect(errorMessage("Invalid 'language'", { request })).toBe("Invalid 'language'");
  });

  it('keeps the names of fields and models of the request', () => {
    const model = 'claude-sonnet-4-5-20250929-extended';
    const request = requestOf({ model, max_completion_tokens: 'many', messages: [] });
    const text = `Invalid 'max_completion_tokens' for model ${model}.`;
    expect(errorMessage(text, { request, models: [model] })).toBe(text);
    expect(errorMessage(`No model ${model}`, { request })).toBe('No model …');
  });

  it('protects no name that looks like a key', () => {
    const key = 'sk-proj-abcdefgh12345678';
    expect(errorMessage(`No model ${key}`, { models: [key] })).toBe('No model …');
  });

  it('cuts out the secrets of the target', () => {
    const secrets = ['correct-horse-battery', 'llm-gateway-of-acme'];
    expect(errorMessage('correct-horse-battery at llm-gateway-of-acme', { secrets })).toBe('… at …');
  });

  it('is one line of at most 500 characters, or null if nothing is left', () => {
    const { characters } = errorMessageLimits;
    const text = 'word '.repeat(99);
    expect(errorMessage(`${text}words`)).toBe(`${text}words`);
    expect(errorMessage(`${text}words.`)).toHaveLength(characters);
    expect(errorMessage(`${text}words.`)).toMatch(/…$/);
    expect(errorMessage('one\n\ttwo\u0000three')).toBe('one two three');
    expect(errorMessage('https://acme.example/')).toBeNull();
    expect(errorMessage('')).toBeNull();
  });

  it('cuts a secret out that begins within the shown part and ends behind it', () => {
    const secret = 'planted-secret-of-the-target';
    const text = `${'x '.repeat(240)}${secret}`;
    expect(errorMessage(text, { secrets: [secret] })).not.toContain('planted');
  });

  it('does not keep a text that cannot be compared with its request', () => {
    const request = { text: 'x'.repeat(17_000_000), value: {} };
    expect(errorMessage(`Invalid: ${prompt}`, { request })).toMatch(/^The text of the error is not kept/);
  });
});

describe('error fixtures with planted secrets', () => {
  reportSkippedReplay();
  const key = 'Kj83hfPQ0zLmN4vXw2RtY7uB';
  const address = 'https://gw7.acme-inference.example:8443/v1';
  const planted = `${key} at ${address} (10.11.12.13) said: ${prompt}`;
  const errors = allFixtures().filter(({ meta }) => meta.status >= 400);

  it.runIf(errors.length > 0)('finds errors', () => {
    expect(errors.length).toBeGreaterThan(50);
  });

  it('shows none of them in any message', () => {
    for (const { bytes, meta, request, name } of errors) {
      const body = new TextDecoder().decode(bytes);
      const asked = requestOf({ ...(request as object), prompt });
      const context = { secrets: [key, address], request: asked, models: [meta.model ?? null] };
      for (const text of [errorTextOfBody(meta.status, body), planted]) {
        const poisoned = `${planted} ${text} ${planted}`;
        const message = errorMessage(poisoned, context) ?? '';
        expect(message.length, name).toBeLessThanOrEqual(errorMessageLimits.characters);
        for (const secret of [key, 'acme-inference', '10.11.12.13', prompt.slice(0, 20), prompt.slice(-20)])
          expect(message, name).not.toContain(secret);
      }
      const own = errorMessage(errorTextOfBody(meta.status, body), context);
      expect(own ?? '', name).not.toMatch(/<html|<body|https?:\/\/|\bsk-[A-Za-z0-9]{8}/i);
      if (request !== undefined) expect(sharesText(own ?? '', asked, meta.model), name).toBe(false);
    }
  });
});

/** Whether 20 characters of the message stand in a text of the request, names of the model aside. */
function sharesText(message: string, { value }: { value: unknown }, model = ''): boolean {
  const texts: string[] = [];
  JSON.stringify(value, (_, member) => {
    if (typeof member === 'string') texts.push(member);
    return member;
  });
  const plain = model === '' ? message : message.replaceAll(model, '');
  for (let at = 0; at + 20 <= plain.length; at++)
    if (texts.some((text) => text.includes(plain.slice(at, at + 20)))) return true;
  return false;
}
