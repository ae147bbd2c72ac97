// POST /v1/audio/… and POST /v1/images/….
import { countTokens, nowSeconds, textOf } from './answer.ts';
import {
  type DemoAnswer,
  DemoRefusal,
  type DemoRequest,
  formBody,
  type Json,
  jsonAnswer,
  jsonBody,
  needed,
  servedModel,
} from './exchange.ts';
import { demoModels } from './models.ts';
import { namedStream } from './server-sent-events.ts';

/** Speech: silence of a suitable length, as MP3 unless WAV or PCM is requested. */
export function speech(request: DemoRequest): DemoAnswer {
  const body = jsonBody(request);
  servedModel(body.model, demoModels.openai);
  const text = textOf(needed(body, 'input'));
  needed(body, 'voice');
  const sound = soundAs(body.response_format, text.length);
  if (body.stream_format !== 'sse') return { kind: 'bytes', ...sound };
  const input = countTokens(text);
  const output = Math.ceil(text.length / 2);
  return namedStream([
    { type: 'speech.audio.delta', audio: Buffer.from(sound.bytes).toString('base64') },
    {
      type: 'speech.audio.done',
      usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
    },
  ]);
}

/** Transcriptions and translations: a sentence about the file, in the requested shape. */
export async function transcriptions(request: DemoRequest): Promise<DemoAnswer> {
  const form = await formBody(request);
  const model = servedModel(form.get('model'), demoModels.openai);
  const file = form.get('file');
  if (!(file instanceof File)) throw new DemoRefusal(400, "Missing required parameter: 'file'.", 'file');
  const text = `The demo upstream received ${file.size} bytes of ${file.name || 'audio'} as ${model}.`;
  const seconds = Math.max(1, Math.round(file.size / 16_000));
  const usage = model === 'whisper-1' ? { type: 'duration', seconds } : tokenUsage(text, seconds);
  if (form.get('stream') === 'true' && model !== 'whisper-1') return transcriptStream(text, usage);
  return transcript(String(form.get('response_format') ?? 'json'), text, seconds, usage);
}

/** Images, generated, edited, or varied: always the same pixel. */
export async function images(request: DemoRequest): Promise<DemoAnswer> {
  const isForm = request.headers.get('content-type')?.startsWith('multipart/') === true;
  const read = isForm ? await formReader(request) : jsonReader(request);
  const model = servedModel(read('model') ?? 'dall-e-2', demoModels.openai);
  const count = Math.min(Math.max(Number(read('n') ?? 1) || 1, 1), 10);
  const data = Array.from({ length: count }, () => ({ b64_json: tinyPngBase64 }));
  if (model !== 'gpt-image-1') return jsonAnswer({ created: nowSeconds(), data });
  const input = countTokens(String(read('prompt') ?? ''));
  const output = 272 * count;
  const usage = {
    input_tokens: input,
    input_tokens_details: { text_tokens: input, image_tokens: 0 },
    output_tokens: output,
    total_tokens: input + output,
  };
  const shape = { background: 'opaque', output_format: 'png', quality: 'low', size: '1024x1024' };
  return jsonAnswer({ created: nowSeconds(), data, ...shape, usage });
}

function soundAs(format: Json | undefined, characters: number): { contentType: string; bytes: Uint8Array } {
  switch (format ?? 'mp3') {
    case 'mp3':
      return { contentType: 'audio/mpeg', bytes: silentMp3(characters) };
    case 'pcm':
      return { contentType: 'audio/pcm', bytes: silence(characters) };
    default:
      return { contentType: 'audio/wav', bytes: silentWav(characters) };
  }
}

function transcript(format: string, text: string, seconds: number, usage: Json): DemoAnswer {
  const end = `00:00:${String(seconds % 60).padStart(2, '0')}`;
  switch (format) {
    case 'text':
      return { kind: 'bytes', contentType: 'text/plain; charset=utf-8', bytes: `${text}\n` };
    case 'srt':
      return {
        kind: 'bytes',
        contentType: 'text/plain; charset=utf-8',
        bytes: `1\n00:00:00,000 --> ${end},000\n${text}\n\n`,
      };
    case 'vtt':
      return {
        kind: 'bytes',
        contentType: 'text/plain; charset=utf-8',
        bytes: `WEBVTT\n\n00:00:00.000 --> ${end}.000\n${text}\n\n`,
      };
    case 'verbose_json':
      return jsonAnswer({
        task: 'transcribe',
        language: 'english',
        duration: seconds,
        text,
        segments: [],
        usage,
      });
    default:
      return jsonAnswer({ text, usage });
  }
}

function transcriptStream(text: string, usage: Json): DemoAnswer {
  const deltas = (text.match(/\S+\s*/g) ?? []).map((delta) => ({ type: 'transcript.text.delta', delta }));
  return namedStream([...deltas, { type: 'transcript.text.done', text, usage }]);
}

function tokenUsage(text: string, seconds: number): Json {
  const input = seconds * 10;
  const output = countTokens(text);
  const details = { text_tokens: 0, audio_tokens: input };
  return {
    type: 'tokens',
    input_tokens: input,
    input_token_details: details,
    output_tokens: output,
    total_tokens: input + output,
  };
}

async function formReader(request: DemoRequest): Promise<(name: string) => unknown> {
  const form = await formBody(request);
  return (name) => form.get(name) ?? undefined;
}

function jsonReader(request: DemoRequest): (name: string) => unknown {
  const body = jsonBody(request);
  needed(body, 'prompt');
  return (name) => body[name];
}

/** A transparent PNG of one pixel, in base64. */
const tinyPngBase64 =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';

const sampleRate = 8000;

/** A tenth of a second of silence for each ten characters: 16-bit mono WAV. */
function silentWav(characters: number): Uint8Array {
  const samples = silence(characters);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(sampleRate, 24);
  header.writeUInt32LE(sampleRate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}

/** The same silence without a header: PCM. */
function silence(characters: number): Uint8Array {
  return new Uint8Array(Math.max(1, Math.ceil(characters / 10)) * (sampleRate / 10) * 2);
}

/** Silent MP3 frames: MPEG-1 layer III, 32 kbit/s, 44.1 kHz, mono; 104 bytes and 26 ms each. */
function silentMp3(characters: number): Uint8Array {
  const frame = new Uint8Array(104);
  frame.set([0xff, 0xfb, 0x10, 0xc4]);
  const frames = Math.max(4, Math.ceil(characters / 3));
  return Buffer.concat(Array.from({ length: frames }, () => frame));
}
