import { describe, expect, it } from 'vitest';
import { faultOfAddress } from '../../../src/alerts/webhook-address.ts';

describe('faultOfAddress', () => {
  it.each([
    'https://hooks.slack.com/services/T/B/x',
    'https://discord.com/api/webhooks/1/x',
    'https://hooks.acme.dev:8443/path?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700::1111]/',
  ])('takes %s', (url) => {
    expect(faultOfAddress(url, false)).toBeNull();
  });

  it.each([
    'hooks.acme.dev',
    'http://hooks.acme.dev/',
    'ftp://hooks.acme.dev/',
    'https://user:pass@hooks.acme.dev/',
    'https://localhost/',
    'https://a.localhost/',
    'https://printer/',
    'https://nas.local/',
    'https://db.internal/',
    'https://db.internal./',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://0x7f000001/',
    'https://2130706433/',
    'https://0.0.0.0/',
    'https://10.1.2.3/',
    'https://172.16.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data',
    'https://100.64.0.1/',
    'https://[::1]/',
    'https://[::ffff:10.0.0.1]/',
    'https://[fd00::1]/',
    'https://[fe80::1]/',
    'https://[64:ff9b::a00:1]/',
  ])('refuses %s', (url) => {
    expect(faultOfAddress(url, false)).not.toBeNull();
  });

  it('takes private addresses and http where the operator allows them, and nothing else', () => {
    for (const url of ['http://127.0.0.1:9000/', 'https://nas.local/'])
      expect(faultOfAddress(url, true)).toBeNull();
    for (const url of ['ftp://nas.local/', 'https://a:b@nas.local/'])
      expect(faultOfAddress(url, true)).not.toBeNull();
  });
});
