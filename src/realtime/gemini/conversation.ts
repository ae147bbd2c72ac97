// What the relay knows of a Live conversation: its setup, and how much has been said since the upstream last counted.
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

/** The figures of the Live API (2026-11), from what Google says of its prices, from recordings and from others' probes. */
const liveBounds = {
  /**
   * Of sound, either way: $0.018 a minute at $12 per million tokens.
   * https://discuss.ai.google.dev/t/pricing-of-speech-to-speech-live-model/140340
   */
  audioTokensPerSecond: 25,
  /** Of a frame of video, or a picture, at the resolution that is usual in a session. */
  tokensPerImage: 258,
  /** What the model is told when the caller tells it next to nothing: 143 to 1,267 tokens seen. */
  tokensOfDefaultPrompt: 1_300,
} as const;

/** PCM16; the MIME type names another rate. https://ai.google.dev/gemini-api/docs/live-guide (2026-11) */
const heardHertz = 16_000;
const saidHertz = 24_000;

export class LiveConversation {
  /** The whole context as the upstream last counted it: it is read, and charged, anew with every turn. */
  private history = { tokens: 0, audioTokens: 0 };
  private unreported = { textBytes: 0, audioSeconds: 0, images: 0 };
  /** The upstream answers by itself when the speaker pauses. */
  answersBySelf = true;
  private speaks = true;
  private mostOutputTokens: number | null = null;
  private searches = false;
  /** It goes on where another session ended: nobody here knows how much that was. */
  private isResumed = false;

  /** The client's first message. */
  setUp(setup: JsonObject): void {
    const generation = objectOf(setup, 'generationConfig');
    const modalities = textsOf(generation, 'responseModalities').map((name) => name.toUpperCase());
    this.speaks = modalities.length === 0 || modalities.includes('AUDIO');
    this.mostOutputTokens = numberOf(generation, 'maxOutputTokens') ?? null;
    const detection = objectOf(objectOf(setup, 'realtimeInputConfig'), 'automaticActivityDetection');
    this.answersBySelf = memberOf(detection, 'disabled') !== true;
    this.isResumed = textOf(objectOf(setup, 'sessionResumption'), 'handle') !== undefined;
    const tools = objectsOf(setup, 'tools');
    this.searches = tools.some((tool) => objectOf(tool, 'googleSearch') !== undefined);
    this.wrote([memberOf(setup, 'systemInstruction'), tools]);
  }

  /** A turn of either side, as the client tells it. */
  addContent(content: JsonObject): void {
    for (const part of objectsOf(content, 'parts')) {
      const blob = objectOf(part, 'inlineData');
      const data = textOf(blob, 'data');
      if (data === undefined) this.wrote(part);
      else this.addBlob(textOf(blob, 'mimeType') ?? '', data.length);
    }
  }

  /** So much base64 of that kind. */
  addBlob(mimeType: string, characters: number): void {
    if (/^(image|video)\//.test(mimeType)) this.unreported.images += 1;
    else this.unreported.audioSeconds += secondsOf(characters, bytesPerSecondOf(mimeType, heardHertz));
  }

  /** Text, or what is told as JSON. */
  wrote(value: unknown): void {
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

  /** Of the turn that would begin now. */
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

/** Of what the model says, in that kind of audio. */
export function saidRate(mimeType: string): AudioRate {
  return {
    bytesPerSecond: bytesPerSecondOf(mimeType, saidHertz),
    tokensPerSecond: liveBounds.audioTokensPerSecond,
  };
}

/** `audio/pcm;rate=16000`. */
function bytesPerSecondOf(mimeType: string, usualHertz: number): number {
  return 2 * Number(/rate=(\d+)/.exec(mimeType)?.[1] || usualHertz);
}
