// What the relay knows of a conversation: its settings as both sides tell them, and how much has been said since the
// upstream last counted. Pure; what that may cost is bound.ts's.
import { isObject, objectAt, objectsAt, textAt } from '../../formats/json-reader.ts';
import type { Usage } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import { secondsOf } from '../bound.ts';

/** Audio on the wire, in bytes a second (OpenAI: PCM16 at 24 kHz; G.711 at 8 kHz). */
const pcmBytesPerSecond = 48_000;
const g711BytesPerSecond = 8_000;

/** What was added to the conversation since the last usage. */
export interface Unreported {
  /** UTF-8 length of text, tools and instructions, about. */
  textBytes: number;
  audioSeconds: number;
  images: number;
}

const nothing: Readonly<Unreported> = { textBytes: 0, audioSeconds: 0, images: 0 };

export class Conversation {
  /** Tokens of the conversation as the upstream last counted them, and the audio among them. */
  history = { tokens: 0, audioTokens: 0 };
  readonly unreported: Unreported = { ...nothing };
  /** The speaker's sound that is not transcribed: its length, and the part that the upstream takes for speech. */
  private untranscribed = { audioSeconds: 0, speechMs: 0, speechBeganMs: 0 };
  /** The upstream responds when the speaker pauses, without a request: OpenAI's default. */
  respondsToSpeech: boolean;
  speaks = true;
  /** The session's bound, or null for the model's own. */
  mostOutputTokens: number | null = null;
  /** The model that transcribes the speaker besides answering, or null. */
  transcriptionModel: string | null = null;
  inputBytesPerSecond = pcmBytesPerSecond;
  outputBytesPerSecond = pcmBytesPerSecond;

  /** A transcription session only writes down. */
  constructor(readonly isTranscription: boolean) {
    this.respondsToSpeech = !isTranscription;
  }

  /** Whether the speaker is transcribed. */
  get transcribes(): boolean {
    return this.isTranscription || this.transcriptionModel !== null;
  }

  /** A session object of either side, in the words of the beta or of GA; what it does not name stays. */
  applySession(session: JsonObject): void {
    const input = objectAt(objectAt(session, 'audio'), 'input');
    const output = objectAt(objectAt(session, 'audio'), 'output');
    this.applyTurns(session, input);
    const modalities = session.output_modalities ?? session.modalities;
    if (Array.isArray(modalities)) this.speaks = modalities.includes('audio');
    const most = session.max_output_tokens ?? session.max_response_output_tokens;
    if (most !== undefined) this.mostOutputTokens = typeof most === 'number' ? most : null;
    const transcription = firstGiven(input, 'transcription', session, 'input_audio_transcription');
    if (transcription !== undefined) this.transcriptionModel = modelIn(transcription);
    this.inputBytesPerSecond = rateOf(input?.format ?? session.input_audio_format, this.inputBytesPerSecond);
    this.outputBytesPerSecond = rateOf(
      output?.format ?? session.output_audio_format,
      this.outputBytesPerSecond,
    );
  }

  /** Adds instructions and tools, which every response reads again. */
  addSettings(session: JsonObject): void {
    this.unreported.textBytes += settingsBytes(session);
  }

  /** Adds an item of the conversation, as the client sends it. */
  addItem(item: JsonObject): void {
    this.addItemTo(this.unreported, item);
  }

  /** Returns a response's own instructions, tools and input. */
  ownOf(response: JsonObject): Unreported {
    const own = { ...nothing, textBytes: settingsBytes(response) };
    for (const item of objectsAt(response, 'input')) this.addItemTo(own, item);
    return own;
  }

  /** Adds so much base64 of the speaker's audio. */
  addAudio(characters: number): void {
    const seconds = this.secondsOf(characters);
    this.unreported.audioSeconds += seconds;
    this.untranscribed.audioSeconds += seconds;
  }

  /** The upstream detected that speech began or ended, by its own clock. */
  speech(edge: 'began' | 'ended', atMs: number): void {
    if (edge === 'began') this.untranscribed.speechBeganMs = atMs;
    else this.untranscribed.speechMs += Math.max(0, atMs - this.untranscribed.speechBeganMs);
  }

  /** Length of the speech that is not transcribed yet; all sound if the upstream does not detect speech. */
  get untranscribedMs(): number {
    const { audioSeconds, speechMs } = this.untranscribed;
    return speechMs > 0 ? speechMs : Math.ceil(audioSeconds * 1_000);
  }

  /** It is written down, or was thrown away. */
  transcribed(): void {
    Object.assign(this.untranscribed, { audioSeconds: 0, speechMs: 0 });
  }

  /** The upstream has counted: what came before is in its figures. */
  counted(usage: Usage): void {
    this.history = {
      tokens: usage.inputTokens + usage.outputTokens,
      audioTokens: usage.inputAudioTokens + usage.outputAudioTokens,
    };
    Object.assign(this.unreported, nothing);
  }

  private addItemTo(sum: Unreported, item: JsonObject): void {
    const parts = objectsAt(item, 'content');
    for (const part of parts) {
      if (typeof part.audio === 'string') sum.audioSeconds += this.secondsOf(part.audio.length);
      else if (part.type === 'input_image') sum.images += 1;
      else sum.textBytes += JSON.stringify(part).length;
    }
    if (parts.length === 0) sum.textBytes += JSON.stringify(item).length;
  }

  private secondsOf(base64Characters: number): number {
    return secondsOf(base64Characters, this.inputBytesPerSecond);
  }

  private applyTurns(session: JsonObject, input: JsonObject | undefined): void {
    const turns = firstGiven(input, 'turn_detection', session, 'turn_detection');
    if (turns === undefined || this.isTranscription) return;
    this.respondsToSpeech = isObject(turns) && turns.create_response !== false;
  }
}

function settingsBytes({ instructions, tools, prompt }: JsonObject): number {
  const texts = [instructions, tools, prompt].filter((text) => text != null);
  return texts.reduce<number>((sum, text) => sum + JSON.stringify(text).length, 0);
}

function firstGiven(one: JsonObject | undefined, key: string, other: JsonObject, otherKey: string): unknown {
  const given = one?.[key];
  return given === undefined ? other[otherKey] : given;
}

function modelIn(transcription: unknown): string | null {
  return isObject(transcription) ? (textAt(transcription, 'model') ?? null) : null;
}

/** GA names formats by MIME type, the beta by word. */
function rateOf(format: unknown, before: number): number {
  const name = isObject(format) ? format.type : format;
  if (typeof name !== 'string') return before;
  return /pcm[ua]|g711/i.test(name) ? g711BytesPerSecond : pcmBytesPerSecond;
}
