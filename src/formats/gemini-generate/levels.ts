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

/** The level of an effort that has one; those above `high` are HIGH. */
export function levelOfEffort(effort: ReasoningEffort): string {
  return Object.keys(efforts).find((level) => efforts[level] === effort) ?? 'HIGH';
}
