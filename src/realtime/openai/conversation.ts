// What the relay knows of a conversation: its settings as both sides tell them, and how much has been said since the
// upstream last counted. Pure; what that may cost is bound.ts's.
import { isObject, objectAt, objectsAt, textAt } from '../../formats/json-reader.ts';
import type { Usage } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import { secondsOf } from '../bound.ts';

/** Audio on the wire, in bytes a second (OpenAI: PCM16 at 24 kHz; G.711 at 8 kHz). */
const pcmBytesPerSecond = 48_000;
const g711BytesPerSecond = 8_000;

/** What has been said and heard since the last usage. */
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
  /** The speaker's sound that is not written down: what came, and what of it the upstream takes for speech. */
  private unwritten = { heardSeconds: 0, speechMs: 0, speechBeganMs: 0 };
  /** The upstream answers by itself when the speaker pauses. What OpenAI does when nothing is said. */
  answersBySelf: boolean;
  speaks = true;
  /** Asked for in the session; null: as much as the model can. */
  mostOutputTokens: number | null = null;
  /** Writes down what the speaker says with this model, besides answering; null: it does not. */
  transcriptionModel: string | null = null;
  inputBytesPerSecond = pcmBytesPerSecond;
  outputBytesPerSecond = pcmBytesPerSecond;

  /** A transcription session only writes down. */
  constructor(readonly isTranscription: boolean) {
    this.answersBySelf = !isTranscription;
  }

  /** Whether what the speaker says is written down. */
  get writesDown(): boolean {
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

  /** Instructions and tools are read anew with every response. */
  told(session: JsonObject): void {
    this.unreported.textBytes += toldBytes(session);
  }

  /** An item of the conversation, as the client has it. */
  addItem(item: JsonObject): void {
    this.addItemTo(this.unreported, item);
  }

  /** What a response is told that is not of the conversation: its own instructions, tools and input. */
  ownOf(response: JsonObject): Unreported {
    const own = { ...nothing, textBytes: toldBytes(response) };
    for (const item of objectsAt(response, 'input')) this.addItemTo(own, item);
    return own;
  }

  /** So much base64 of the speaker's audio. */
  heard(characters: number): void {
    const seconds = this.secondsOf(characters);
    this.unreported.audioSeconds += seconds;
    this.unwritten.heardSeconds += seconds;
  }

  /** The upstream hears that somebody begins to speak, or ends; on its own clock. */
  speech(edge: 'began' | 'ended', atMs: number): void {
    if (edge === 'began') this.unwritten.speechBeganMs = atMs;
    else this.unwritten.speechMs += Math.max(0, atMs - this.unwritten.speechBeganMs);
  }

  /** How long the speech is that nothing was written down of yet; where nobody tells speech from silence, all that was heard. */
  get unwrittenMs(): number {
    const { heardSeconds, speechMs } = this.unwritten;
    return speechMs > 0 ? speechMs : Math.ceil(heardSeconds * 1_000);
  }

  /** It is written down, or was thrown away. */
  writtenDown(): void {
    Object.assign(this.unwritten, { heardSeconds: 0, speechMs: 0 });
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
    this.answersBySelf = isObject(turns) && turns.create_response !== false;
  }
}

function toldBytes({ instructions, tools, prompt }: JsonObject): number {
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
