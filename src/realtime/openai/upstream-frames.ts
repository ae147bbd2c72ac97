// Reads an upstream's frames as they pass. Never changes one, never holds one back.
import { countAt, isObject, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Frame } from '../frames.ts';
import type { Conversation } from './conversation.ts';
import { readFrame, responseIdOf } from './events.ts';
import type { SessionModels } from './models.ts';
import type { Turns } from './turns.ts';

interface UpstreamFramesContext {
  conversation: Conversation;
  turns: Turns;
  models: SessionModels;
  /** The upstream changed to a model that no frame the relay has seen requested. */
  modelChanged(model: string): void;
  background(work: Promise<unknown>): void;
}

/** Call it before the frame is passed on: what it charges is durable before the client sees it. */
export function observeFrame(frame: Frame, context: UpstreamFramesContext): void {
  const facts = readFrame(frame);
  const { turns } = context;
  if (facts.outcome === 'opaque') return;
  if (facts.outcome === 'bulk') turns.received(facts.kind, facts.characters, responseIdOf(facts.text));
  else note(facts.type, facts.event, context);
}

function note(type: string, event: JsonObject, context: UpstreamFramesContext): void {
  const { turns, conversation, models } = context;
  switch (type) {
    case 'session.created':
    case 'session.updated':
    case 'transcription_session.created':
    case 'transcription_session.updated':
      noteSession(event.session, context);
      break;
    case 'response.created':
      context.background(turns.begun(event));
      break;
    case 'response.done':
      turns.done(event);
      break;
    case 'input_audio_buffer.speech_started':
      conversation.speech('began', countAt(event, 'audio_start_ms') ?? 0);
      break;
    case 'input_audio_buffer.speech_stopped':
      conversation.speech('ended', countAt(event, 'audio_end_ms') ?? 0);
      break;
    case 'input_audio_buffer.cleared':
    case 'conversation.item.input_audio_transcription.failed':
      conversation.transcribed();
      break;
    case 'conversation.item.input_audio_transcription.delta':
      turns.writing(textAt(event, 'delta')?.length ?? 0);
      break;
    case 'conversation.item.input_audio_transcription.completed':
      conversation.unreported.textBytes += JSON.stringify(event.transcript ?? '').length;
      turns.transcript(event);
      break;
    case 'error':
      turns.refused(event);
      models.refused(event);
      break;
    default:
  }
}

function noteSession(
  session: unknown,
  { conversation, turns, models, modelChanged }: UpstreamFramesContext,
): void {
  if (!isObject(session)) return;
  conversation.applySession(session);
  turns.changed();
  const model = models.reportedIn(session);
  if (model !== null) modelChanged(model);
}
