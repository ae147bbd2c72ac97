// Checks a client's frame before it is passed on: reserves a response, checks a model, and reserves once for audio that the upstream may respond
// to. Most frames need no check.
import { isObject, objectAt, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { relayErrorOf } from '../dialect.ts';
import { type Frame, frameLike, textOfFrame, type Verdict } from '../frames.ts';
import type { Pricing } from '../money.ts';
import { refusalOfResources } from '../routes.ts';
import type { Conversation } from './conversation.ts';
import { errorEvent } from './error-event.ts';
import { readFrame } from './events.ts';
import {
  type SessionModels,
  transcriptionModelIn,
  withUpstreamModel,
  withUpstreamTranscriber,
} from './models.ts';
import type { Turns } from './turns.ts';

interface ClientFramesContext {
  conversation: Conversation;
  turns: Turns;
  models: SessionModels;
}

/** Checks a frame; synchronous unless the ledger must be asked, so that frames do not wait needlessly. */
export function checkFrame(frame: Frame, context: ClientFramesContext): Verdict | Promise<Verdict> {
  const facts = readFrame(frame);
  const pass: Verdict = { outcome: 'pass', frame };
  if (facts.outcome === 'opaque') return pass;
  if (facts.outcome === 'bulk') {
    context.conversation.addAudio(facts.characters);
    return context.turns.isReservedForAudio ? pass : reserveForAudio(pass, context);
  }
  const { event, type } = facts;
  const refusal = refusalOfResources(namedBy(event), context.models.pricing.channel);
  if (refusal !== null)
    return { outcome: 'refused', event: errorEvent(refusal, textAt(event, 'event_id') ?? null) };
  switch (type) {
    case 'response.create':
      return ask(pass, event, context);
    case 'session.update':
    case 'transcription_session.update':
      return isObject(event.session) ? update(frame, event, event.session, context) : pass;
    case 'conversation.item.create':
      context.conversation.addItem(objectAt(event, 'item') ?? {});
      return pass;
    default:
      return pass;
  }
}

/** The parts of an event that name resources: settings, a response, or an item. */
function namedBy(event: JsonObject): JsonObject {
  const { content } = objectAt(event, 'item') ?? {};
  return {
    ...objectAt(event, 'session'),
    ...objectAt(event, 'response'),
    ...(content !== undefined && { content }),
  };
}

/** The upstream will answer or transcribe incoming sound: if that cannot be reserved, the session ends. */
async function reserveForAudio(pass: Verdict, { turns }: ClientFramesContext): Promise<Verdict> {
  try {
    await turns.reserveForAudio();
    return pass;
  } catch (error) {
    const reason = relayErrorOf(error);
    return { outcome: 'end', error: reason, event: errorEvent(reason) };
  }
}

async function ask(pass: Verdict, event: JsonObject, { turns }: ClientFramesContext): Promise<Verdict> {
  return orRefused(event, async () => {
    await turns.request(event);
    return pass;
  });
}

function update(
  frame: Frame,
  event: JsonObject,
  session: JsonObject,
  { conversation, models }: ClientFramesContext,
): Verdict | Promise<Verdict> {
  const model = models.changeIn(session);
  const transcriber = models.transcriberIn(session);
  const pass = (): Verdict => {
    conversation.applySession(session);
    conversation.addSettings(session);
    const { isTranscription } = conversation;
    const named = isTranscription ? transcriptionModelIn(session) : textAt(session, 'model');
    if (named === undefined) return { outcome: 'pass', frame };
    // Another upstream may call it otherwise.
    const again = () => renamed(frame, named, models.coming, isTranscription);
    return { outcome: 'pass', frame: again(), ...(model === null && { again }) };
  };
  if (model === null && transcriber === null) return pass();
  return orRefused(event, async () => {
    if (transcriber !== null) await models.takeTranscriber(transcriber);
    if (model !== null) await models.take(model, textAt(event, 'event_id') ?? null);
    return pass();
  });
}

/** A frame that names the model as the upstream does is not touched. */
function renamed(frame: Frame, model: string, { upstreamModel }: Pricing, isTranscription: boolean): Frame {
  if (model === upstreamModel) return frame;
  const rename = isTranscription ? withUpstreamTranscriber : withUpstreamModel;
  return frameLike(frame, rename(textOfFrame(frame), upstreamModel));
}

async function orRefused(event: JsonObject, step: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await step();
  } catch (error) {
    const eventId = textAt(event, 'event_id') ?? null;
    return { outcome: 'refused', event: errorEvent(relayErrorOf(error), eventId) };
  }
}
