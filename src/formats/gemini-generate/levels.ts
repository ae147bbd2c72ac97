// Gemini 3's thinking levels. https://ai.google.dev/gemini-api/docs/thinking#thinking-levels
import type { ReasoningEffort } from '../neutral.ts';

const efforts: Readonly<Record<string, ReasoningEffort>> = {
  MINIMAL: 'minimal',
  LOW: 'low',
  MEDIUM: 'medium',
  HIGH: 'high',
};

export function effortOfLevel(level: string | undefined): ReasoningEffort | undefined {
  const name = level?.toUpperCase() ?? '';
  return Object.hasOwn(efforts, name) ? efforts[name] : undefined;
}

/** Levels end at `high`; thinking cannot be switched off, `minimal` is next to it. */
export function levelOfEffort(effort: ReasoningEffort): string {
  switch (effort) {
    case 'none':
    case 'minimal':
      return 'MINIMAL';
    case 'low':
      return 'LOW';
    case 'medium':
      return 'MEDIUM';
    default:
      return 'HIGH';
  }
}
