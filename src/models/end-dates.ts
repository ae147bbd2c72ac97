// When providers switch models off, as they announced it. Dates are the providers' own platforms'; clouds that serve
// the same models set their own.
import type { PricedProvider } from '../metering/price.ts';

/** Names of models with the day on which they end (UTC), and where that was read. */
interface Ending {
  readonly on: string;
  readonly provider: 'openai' | 'anthropic' | 'gemini';
  readonly models: readonly string[];
}

/**
 * OpenAI: https://developers.openai.com/api/docs/deprecations, also `shutdown_date` of its list of models.
 * Anthropic: https://platform.claude.com/docs/en/about-claude/model-deprecations.
 * Google: https://ai.google.dev/gemini-api/docs/deprecations. Read in 2026-11; lines name further sources.
 */
const endings: readonly Ending[] = [
  {
    on: '2026-10-23',
    provider: 'openai',
    models: [
      'gpt-3.5-turbo',
      'gpt-3.5-turbo-0125',
      'gpt-4',
      'gpt-4-0613',
      'gpt-4-1106-preview',
      'gpt-4-turbo',
      'gpt-4-turbo-2024-04-09',
      'gpt-4o-2024-05-13',
      'o1',
      'o1-2024-12-17',
      'o1-pro',
      'o1-pro-2025-03-19',
      'o3-mini',
      'o3-mini-2025-01-31',
      'o4-mini',
      'o4-mini-2025-04-16',
      'gpt-4.1-nano',
      'gpt-4.1-nano-2025-04-14',
      'gpt-image-1',
    ],
  },
  {
    on: '2026-12-01',
    provider: 'openai',
    models: ['gpt-image-1-mini', 'gpt-image-1.5', 'gpt-image-1.5-2025-12-16', 'chatgpt-image-latest'],
  },
  {
    on: '2026-12-11',
    provider: 'openai',
    models: [
      'gpt-5',
      'gpt-5-2025-08-07',
      'gpt-5-mini',
      'gpt-5-mini-2025-08-07',
      'gpt-5-nano',
      'gpt-5-nano-2025-08-07',
      'gpt-5-pro',
      'gpt-5-pro-2025-10-06',
      'o3',
      'o3-2025-04-16',
      'o3-pro',
      'o3-pro-2025-06-10',
    ],
  },
  { on: '2027-01-06', provider: 'openai', models: ['tts-1', 'tts-1-hd', 'gpt-4o-mini-tts'] },
  {
    on: '2027-01-14',
    provider: 'openai',
    models: [
      'gpt-4o',
      'gpt-4o-2024-08-06',
      'gpt-4o-2024-11-20',
      'gpt-4o-mini',
      'gpt-4o-mini-2024-07-18',
      'gpt-4.1',
      'gpt-4.1-2025-04-14',
      'gpt-4.1-mini',
      'gpt-4.1-mini-2025-04-14',
    ],
  },
  { on: '2027-01-20', provider: 'openai', models: ['gpt-realtime', 'gpt-audio'] },
  {
    on: '2027-02-26',
    provider: 'openai',
    models: ['whisper-1', 'gpt-4o-transcribe', 'gpt-4o-mini-transcribe', 'gpt-4o-transcribe-diarize'],
  },
  { on: '2027-04-01', provider: 'openai', models: ['gpt-5.1', 'gpt-5.3-codex', 'gpt-5.4-nano'] },
  // Release notes of 2026-06-15: https://platform.claude.com/docs/en/release-notes/overview.
  {
    on: '2026-06-15',
    provider: 'anthropic',
    models: ['claude-sonnet-4-0', 'claude-sonnet-4-20250514', 'claude-opus-4-0', 'claude-opus-4-20250514'],
  },
  { on: '2026-08-05', provider: 'anthropic', models: ['claude-opus-4-1', 'claude-opus-4-1-20250805'] },
  { on: '2026-11-30', provider: 'anthropic', models: ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'] },
  // 2.5 Flash-Lite stays.
  { on: '2026-12-01', provider: 'gemini', models: ['gemini-2.5-pro', 'gemini-2.5-flash'] },
  { on: '2026-03-09', provider: 'gemini', models: ['gemini-3-pro-preview'] },
  {
    on: '2026-06-25',
    provider: 'gemini',
    models: ['gemini-3.1-flash-image-preview', 'gemini-3-pro-image-preview'],
  },
  // The earliest possible day.
  { on: '2027-05-07', provider: 'gemini', models: ['gemini-3.1-flash-lite'] },
];

const days: ReadonlyMap<string, string> = new Map(
  endings.flatMap(({ on, provider, models }) => models.map((model) => [`${provider} ${model}`, on] as const)),
);

/** Returns the announced last day (`YYYY-MM-DD`) of a model at its provider's own platform, or null. */
export function endDateOf(provider: PricedProvider, model: string): string | null {
  return days.get(`${provider} ${model}`) ?? null;
}
