// What the relay knows about a Live conversation: its setup, and what was added since the upstream last counted.
import {
  memberOf,
  numberOf,
  objectOf,
  objectsOf,
  textOf,
  textsOf,
} from '../../formats/gemini-generate/members.ts';
import { type Usage, usageOf } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import { inputBounds, outputBounds } from '../../metering/bound.ts';
import { type AudioRate, measureOf, secondsOf, type TurnMeasure } from '../bound.ts';

/** Figures of the Live API (2026-11), from Google's price page, from recordings and from others' measurements. */
const liveBounds = {
  /**
   * Of sound, either way: $0.018 a minute at $12 per million tokens.
   * https://discuss.ai.google.dev/t/pricing-of-speech-to-speech-live-model/140340
   */
  audioTokensPerSecond: 25,
  /** Tokens of a video frame or a picture, at the usual resolution of a session. */
  tokensPerImage: 258,
  /** Tokens of the default prompt: 143 to 1,267 seen. */
  tokensOfDefaultPrompt: 1_300,
} as const;

/** PCM16; the MIME type names another rate. https://ai.google.dev/gemini-api/docs/live-guide (2026-11) */
const inputHertz = 16_000;
const outputHertz = 24_000;

export class LiveConversation {
  /** The whole context as the upstream last counted it. Every turn reads it again, and is charged for it. */
  private history = { tokens: 0, audioTokens: 0 };
  private unreported = { textBytes: 0, audioSeconds: 0, images: 0 };
  /** The upstream responds when the speaker pauses, without a request. */
  respondsToSpeech = true;
  private speaks = true;
  private mostOutputTokens: number | null = null;
  private searches = false;
  /** The session resumes another one, whose size is not known here. */
  private isResumed = false;

  /** The client's first message. */
  setUp(setup: JsonObject): void {
    const generation = objectOf(setup, 'generationConfig');
    const modalities = textsOf(generation, 'responseModalities').map((name) => name.toUpperCase());
    this.speaks = modalities.length === 0 || modalities.includes('AUDIO');
    this.mostOutputTokens = numberOf(generation, 'maxOutputTokens') ?? null;
    const detection = objectOf(objectOf(setup, 'realtimeInputConfig'), 'automaticActivityDetection');
    this.respondsToSpeech = memberOf(detection, 'disabled') !== true;
    this.isResumed = textOf(objectOf(setup, 'sessionResumption'), 'handle') !== undefined;
    const tools = objectsOf(setup, 'tools');
    this.searches = tools.some((tool) => objectOf(tool, 'googleSearch') !== undefined);
    this.addText([memberOf(setup, 'systemInstruction'), tools]);
  }

  /** Adds a turn of either side, as the client sends it. */
  addContent(content: JsonObject): void {
    for (const part of objectsOf(content, 'parts')) {
      const blob = objectOf(part, 'inlineData');
      const data = textOf(blob, 'data');
      if (data === undefined) this.addText(part);
      else this.addBlob(textOf(blob, 'mimeType') ?? '', data.length);
    }
  }

  /** Adds so much base64 of that type. */
  addBlob(mimeType: string, characters: number): void {
    if (/^(image|video)\//.test(mimeType)) this.unreported.images += 1;
    else this.unreported.audioSeconds += secondsOf(characters, bytesPerSecondOf(mimeType, inputHertz));
  }

  /** Adds text, or a value by its JSON. */
  addText(value: unknown): void {
    this.unreported.textBytes += (typeof value === 'string' ? value : JSON.stringify(value)).length;
  }

  /** The upstream has counted: what came before is in its figures. */
  counted(usage: Usage): void {
    this.history = {
      tokens: usage.inputTokens + usage.outputTokens,
      audioTokens: usage.inputAudioTokens + usage.outputAudioTokens,
    };
    this.unreported = { textBytes: 0, audioSeconds: 0, images: 0 };
  }

  /** Returns the measure of a turn that begins now. */
  measure(): TurnMeasure {
    const typicalInput = this.input(0);
    const hidden = this.isResumed && this.history.tokens === 0 ? inputBounds.tokensOfHiddenHistory : 0;
    const searched = this.searches ? inputBounds.tokensPerSearchTool : 0;
    const input = this.input(hidden + searched);
    if (this.searches) input.webSearches = outputBounds.webSearches;
    const freshTokens = typicalInput.inputTokens - this.history.tokens;
    return { ...measureOf(input, this.mostOutputTokens, this.speaks), typicalInput, freshTokens };
  }

  private input(moreTokens: number): Usage {
    const { textBytes, audioSeconds, images } = this.unreported;
    const text = Math.ceil(textBytes / inputBounds.bytesPerToken.gemini);
    const audio = Math.ceil(audioSeconds * liveBounds.audioTokensPerSecond);
    const seen = images * liveBounds.tokensPerImage;
    const base = this.history.tokens === 0 ? liveBounds.tokensOfDefaultPrompt : this.history.tokens;
    return usageOf({
      inputTokens: base + moreTokens + text + audio + seen,
      inputAudioTokens: this.history.audioTokens + audio,
      inputVideoTokens: seen,
    });
  }
}

/** Returns the audio rate of the model's output. */
export function outputRate(mimeType: string): AudioRate {
  return {
    bytesPerSecond: bytesPerSecondOf(mimeType, outputHertz),
    tokensPerSecond: liveBounds.audioTokensPerSecond,
  };
}

/** `audio/pcm;rate=16000`. */
function bytesPerSecondOf(mimeType: string, usualHertz: number): number {
  return 2 * Number(/rate=(\d+)/.exec(mimeType)?.[1] || usualHertz);
}
