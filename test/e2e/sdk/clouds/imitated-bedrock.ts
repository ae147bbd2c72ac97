// Imitates Amazon Bedrock: refuses requests without a valid signature (or bearer key), accepts Claude's bodies
// only in Bedrock's format, and answers in frames that are cut anywhere.
import type { ServerResponse } from 'node:http';
import { chunkFrame } from '../../../support/event-stream.ts';
import type { Handler, Received } from '../../../support/upstream.ts';
import type { Script } from '../matrix/script.ts';
import { messagesAnswer, messagesStream } from '../matrix/upstream-messages.ts';
import type { Json } from '../matrix/wire.ts';
import { type Credentials, faultOfSignature } from './signature.ts';

/** The answer to an authorized request. */
export type BedrockAnswer =
  | Script
  | { refuse: string }
  /** AWS's error, before anything else. */
  | { error: string; status: number; message: string }
  /** The frames unchanged. `onLeft`: pings follow without end, and this is called when the relay has disconnected. */
  | { frames: Buffer[]; onLeft?: () => void };

export interface BedrockOptions {
  region: string;
  credentials: Credentials;
  bearer: string;
  answer(body: Json, model: string): BedrockAnswer;
  /** Returns the control plane's answer by its path, or null. */
  control?(path: string): Json | null;
}

/** The sizes in bytes of the pieces in which frames are sent. */
const pieceSizes = [1, 7, 64, 3, 500, 2];

export function imitatedBedrock(options: BedrockOptions): Handler {
  return async (request, response) => {
    const fault = faultOfKey(request, options);
    if (fault !== null) return refuse(response, 403, fault, 'You are not who you say you are.');
    const listed = options.control?.(request.path) ?? null;
    if (listed !== null) return void response.end(JSON.stringify(listed));
    const [, model = '', verb = ''] = /^\/model\/([^/?]+)\/([a-z-]+)$/.exec(request.path) ?? [];
    const body: Json = JSON.parse(request.body.toString() || '{}');
    const wrong = faultOfBody(body, request);
    if (wrong !== null) return refuse(response, 400, 'ValidationException', wrong);
    const answer = options.answer(body, decodeURIComponent(model));
    response.setHeader('x-amzn-requestid', 'aws-request-1');
    if ('error' in answer) return refuse(response, answer.status, answer.error, answer.message);
    if ('refuse' in answer) return refuse(response, 400, 'ValidationException', answer.refuse);
    if ('frames' in answer) return sendFrames(response, answer.frames, answer.onLeft);
    if (verb === 'invoke-with-response-stream') return sendFrames(response, framesOf(answer));
    response.writeHead(200, { 'content-type': 'application/json', 'x-amzn-bedrock-input-token-count': '10' });
    response.end(JSON.stringify(messagesAnswer(answer)));
  };
}

function faultOfKey(request: Received, options: BedrockOptions): string | null {
  const { authorization } = request.headers;
  if (authorization?.startsWith('Bearer ')) {
    return authorization === `Bearer ${options.bearer}` ? null : 'AccessDeniedException';
  }
  return faultOfSignature(request, options.credentials, options.region);
}

/** Returns Bedrock's error for bodies of Anthropic's own API. */
function faultOfBody(body: Json, { headers }: Received): string | null {
  if (body.anthropic_version !== 'bedrock-2023-05-31') return 'anthropic_version: Field required';
  for (const name of ['model', 'stream']) {
    if (name in body) return `${name}: Extra inputs are not permitted`;
  }
  if (body.max_tokens === undefined) return 'max_tokens: Field required';
  return headers['anthropic-beta'] === undefined ? null : 'a header is not where betas belong';
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-amzn-errortype': `${type}:http://internal.amazon.com/coral/com.amazon.coral.service/`,
  });
  response.end(JSON.stringify({ message }));
}

/** Returns the events of a Messages stream, each in a frame; the last with Bedrock's own metrics. */
export function framesOf(script: Script): Buffer[] {
  const events = messagesStream(script)
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event): Json => JSON.parse(event.slice(event.indexOf('data: ') + 6)));
  const metrics = { inputTokenCount: 1, outputTokenCount: 1, invocationLatency: 9, firstByteLatency: 3 };
  return events.map((event) =>
    chunkFrame(
      event.type === 'message_stop' ? { ...event, 'amazon-bedrock-invocationMetrics': metrics } : event,
    ),
  );
}

async function sendFrames(
  response: ServerResponse,
  frames: readonly Buffer[],
  onLeft?: () => void,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/vnd.amazon.eventstream' });
  const whole = Buffer.concat(frames);
  for (let at = 0, turn = 0; at < whole.length; turn++) {
    const size = pieceSizes[turn % pieceSizes.length] ?? 1;
    await new Promise<void>((resolve) => response.write(whole.subarray(at, at + size), () => resolve()));
    if (turn % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    at += size;
  }
  if (onLeft === undefined) response.end();
  else pingUntilLeft(response, onLeft);
}

function pingUntilLeft(response: ServerResponse, onLeft: () => void): void {
  const pings = setInterval(() => response.write(chunkFrame({ type: 'ping' })), 50);
  response.once('close', () => {
    clearInterval(pings);
    onLeft();
  });
}
