import { describe, expect, it } from 'vitest';
import { errorTextCharacters, errorTextOf, errorTextOfBody } from '../../../src/formats/error-text.ts';
import { createMeter } from '../../../src/formats/meter.ts';
import { formatOf } from '../../support/formats.ts';

describe('errorTextOfBody', () => {
  it.each([
    ['OpenAI', { error: { message: 'No such field', type: 'invalid_request_error' } }, 'No such field'],
    [
      'Anthropic',
      { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } },
      'Overloaded',
    ],
    ['Gemini as an array', [{ error: { code: 400, message: 'Bad', status: 'INVALID_ARGUMENT' } }], 'Bad'],
    ['a plain string', { error: 'model not found' }, 'model not found'],
    ['Mistral', { object: 'error', message: 'Unauthorized' }, 'Unauthorized'],
    ['FastAPI', { detail: 'Not Found' }, 'Not Found'],
    [
      'FastAPI with faults',
      { detail: [{ loc: ['body', 'input'], msg: 'field required' }] },
      'input: field required',
    ],
    ['Cloudflare', { success: false, errors: [{ code: 1, message: 'No route' }] }, 'No route'],
    [
      'OpenRouter',
      {
        error: { message: 'Provider returned error', metadata: { raw: '{"error":{"message":"Too long"}}' } },
      },
      'Provider returned error: Too long',
    ],
    ['JSON of another shape', { secret: 'text' }, 'Status 500 without a text.'],
  ])('reads the error of %s', (_, body, text) => {
    expect(errorTextOfBody(500, JSON.stringify(body))).toBe(text);
  });

  it.each([
    ['<html><head><title>502 Bad Gateway</title></head></html>', 'HTML page, status 502: 502 Bad Gateway'],
    ['<!DOCTYPE html><html><body>sk-secret</body></html>', 'HTML page, status 502.'],
    ['<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', 'XML document, status 502.'],
    ['', 'Status 502 without a text.'],
    ['upstream connect error', 'upstream connect error'],
  ])('names %j in words', (body, text) => {
    expect(errorTextOfBody(502, body)).toBe(text);
  });

  it('reads no more than the bound', () => {
    const text = errorTextOf({ error: { message: 'x'.repeat(10_000) } });
    expect(text).toHaveLength(errorTextCharacters);
  });
});

describe('a meter', () => {
  it.each([
    ['openai-chat', 'data: {"error":{"message":"The server failed","code":500}}\n\n'],
    [
      'openai-responses',
      'data: {"type":"response.failed","response":{"status":"failed","error":{"code":"server_error","message":"The server failed"}}}\n\n',
    ],
    [
      'openai-responses',
      'event: error\ndata: {"type":"error","code":"server_error","message":"The server failed"}\n\n',
    ],
    [
      'anthropic-messages',
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"The server failed"}}\n\n',
    ],
    ['gemini-generate', 'data: {"error":{"code":500,"message":"The server failed","status":"INTERNAL"}}\n\n'],
  ] as const)('keeps the text of an error in a stream of %s', (format, events) => {
    const meter = createMeter(formatOf(format), 'sse');
    meter.push(new TextEncoder().encode(events));
    meter.end();
    expect(meter.error).not.toBeNull();
    expect(meter.errorText).toBe('The server failed');
  });

  it('has no text without an error', () => {
    const meter = createMeter(formatOf('openai-chat'), 'json');
    meter.push(new TextEncoder().encode('{"choices":[],"message":"hello"}'));
    meter.end();
    expect(meter.errorText).toBeNull();
  });
});
