import { describe, expect, it } from 'vitest';
import { redacted, withoutSecrets } from '../../../src/lib/redact.ts';
import { growthOfTime, linearGrowth } from '../../support/growth.ts';

describe('redacted', () => {
  it.each([
    ['an OpenAI key', 'Incorrect API key provided: sk-proj-abc123def456ghi789.', 'sk-proj'],
    ['a masked key', 'Incorrect API key provided: sk-ab***********xyz1.', 'xyz1'],
    ['an Anthropic key', 'invalid x-api-key sk-ant-api03-AbCdEf123456', 'AbCdEf'],
    ['a Google key', 'API key AIzaSyD-planted-0123456789 is not valid', 'AIza'],
    ['an AWS key', 'The security token AKIAIOSFODNN7EXAMPLE is invalid', 'AKIA'],
    ['a JWT', 'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc was refused', 'eyJ'],
    ['a bearer', 'got Authorization: Bearer abcdefgh12345678', 'abcdefgh'],
    ['a hexadecimal key', 'Access denied for 0123456789abcdef0123456789abcdef', '0123456789abcdef'],
    ['a key after its name', 'api_key=planted-secret-value-99 is wrong', 'planted-secret'],
    ['a URL', 'see https://gateway.acme-llm.example:8443/v1/chat?key=1 for help', 'acme'],
    ['a host', 'no route to llm.prod.acme.internal', 'acme'],
    ['a host with a port', 'connect ECONNREFUSED llm-backend:8000', 'llm-backend'],
    ['localhost', 'cannot reach localhost:11434/api', 'localhost'],
    ['an IPv4 address', 'connect ECONNREFUSED 10.20.30.40:443', '10.20.30.40'],
    ['an IPv6 address', 'connect to [2001:db8::8a2e:370:7334]:443 failed', '2001:db8'],
    ['a long IPv6 address', 'from 2001:0db8:85a3:0000:0000:8a2e:0370:7334 refused', '85a3'],
    ['a mail address', 'contact ops.person@acme-corp.example now', 'ops.person'],
    ['an ARN', 'User: arn:aws:iam::123456789012:user/ops is not authorized', '123456789012'],
    ['an organization', 'Rate limit reached in organization org-AbC123dEf456', 'org-AbC'],
    ['a project', 'Permission denied on projects/secret-project-7/locations/global', 'secret-project-7'],
  ])('cuts out %s', (_, text, secret) => {
    expect(text).toContain(secret);
    expect(redacted(text)).not.toContain(secret);
    expect(redacted(text)).toContain('…');
  });

  it.each([
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    'messages.1.content.0.type: Input should be text, image, or tool_use',
    'This model’s maximum context length is 128000 tokens, but 130201 tokens were requested.',
    'This API key expired at 2026-12-01T12:00:00.000Z. Extend it in the dashboard.',
    'You will regain access on 2026-12-01 at 00:00 UTC.',
    'prompt is too long: 210000 tokens > 200000 maximum',
    'Unexpected token: identifier in JSON at position 12',
    'The model `claude-3-5-sonnet-20241022` does not exist.',
    'tools.0.custom.input_schema: JSON schema is invalid (max_tokens: 100000)',
    '503 Service Temporarily Unavailable',
    'status 429',
  ])('keeps %j', (text) => {
    expect(redacted(text)).toBe(text);
  });

  it.each(['a.', 'sk-', '…', 'token: '])(
    'takes time that grows with a text of %j and not with its square',
    (piece) => {
      const growth = growthOfTime(1_024, (size) => redacted(piece.repeat(size / piece.length)));
      expect(growth).toBeLessThan(linearGrowth);
    },
  );
});

describe('withoutSecrets', () => {
  it('replaces every occurrence, and leaves texts that are too short to be secrets', () => {
    expect(withoutSecrets('planted-key, planted-key, and key', ['planted-key', 'key'])).toBe('…, …, and key');
  });
});
