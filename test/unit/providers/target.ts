// Builds a target with defaults and the given fields.
import type { UpstreamTarget } from '../../../src/providers/provider.ts';

export function targetOf(fields: Partial<UpstreamTarget>): UpstreamTarget {
  return {
    baseUrl: 'https://upstream.example',
    operation: 'messages',
    model: 'm',
    suffix: '',
    search: '',
    streams: false,
    settings: {},
    key: null,
    ...fields,
  };
}
