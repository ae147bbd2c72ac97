// Tokens of images and audio as providers price them, for answers that do not report them.
import type { ImageTraits } from '../formats/answer-media.ts';

/**
 * Output tokens of an image of the gpt-image models: 1024x1024, 1024x1536, 1536x1024.
 * https://developers.openai.com/api/docs/guides/image-generation (cost and latency), read 2026-11.
 */
const imageTokens: Readonly<Record<string, readonly [square: number, portrait: number, landscape: number]>> =
  {
    low: [272, 408, 400],
    medium: [1_056, 1_584, 1_568],
    high: [4_160, 6_240, 6_208],
  };
const sizes = ['1024x1024', '1024x1536', '1536x1024'];

/** Figures for generated media, each with its source. */
export const mediaFigures = {
  /** For each partial image: the same page. */
  tokensPerPartialImage: 100,
  /**
   * An image of Gemini's: 1,290 (2.5 Flash Image), up to 2,000 in 4K (3 Pro).
   * https://ai.google.dev/gemini-api/docs/pricing, 2026-11.
   */
  tokensPerGeminiImage: { '2.5': 1_290, newer: 2_000 },
  /**
   * OpenAI's speech: $0.015 per minute at $12 per million tokens is 1,250 per minute.
   * https://developers.openai.com/api/docs/pricing (gpt-4o-mini-tts), read 2026-11.
   */
  speechTokensPerMinute: 1_250,
  /**
   * Audio of a chat model: one token per 50 ms (https://developers.openai.com/api/docs/guides/realtime-costs,
   * 2026-11).
   */
  chatAudioTokensPerSecond: 20,
  /** Gemini's speech (https://ai.google.dev/gemini-api/docs/speech-generation, 2026-11). */
  geminiAudioTokensPerSecond: 25,
  /** Text spoken at an ordinary pace. */
  spokenCharactersPerSecond: 14,
} as const;

/** Unknown quality or size (also `auto`) counts as the most expensive one; a larger size by its area. */
export function tokensOfImage(made: ImageTraits, asked: ImageTraits): number {
  const quality = [made.quality, asked.quality].find(
    (name) => name !== null && Object.hasOwn(imageTokens, name),
  );
  const row = imageTokens[quality ?? 'high'] ?? [0, 0, 0];
  const size = [made.size, asked.size].find((name) => name !== null && /^\d+x\d+$/.test(name)) ?? null;
  const known = size === null ? 1 : sizes.indexOf(size);
  const tokens = row[known];
  if (tokens !== undefined) return tokens;
  const [width = 0, height = 0] = (size ?? '').split('x').map(Number);
  return Math.max(row[0], Math.ceil((row[1] * width * height) / (1_024 * 1_536)));
}

export function tokensOfSpeech(seconds: number): number {
  return Math.ceil((seconds * mediaFigures.speechTokensPerMinute) / 60);
}

export function tokensOfGeminiImage(model: string): number {
  return mediaFigures.tokensPerGeminiImage[model.includes('2.5') ? '2.5' : 'newer'];
}
