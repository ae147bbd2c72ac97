// Checks a Live client's message before it is passed on: reserves a turn that the client sends, and sound that the upstream may respond to. Most
// messages need no check. https://ai.google.dev/api/live (2026-11)
import { memberOf, objectOf, objectsOf, textOf } from '../../formats/gemini-generate/members.ts';
import { isObject } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../lib/json.ts';
import { memberText, replaceMember, topLevelMembers } from '../../lib/json-members.ts';
import { RelayError } from '../../lib/relay-error.ts';
import { relayErrorOf } from '../dialect.ts';
import { type Frame, frameLike, textOfFrame, type Verdict } from '../frames.ts';
import type { Pricing } from '../money.ts';
import { refusalOfResources } from '../routes.ts';
import type { LiveConversation } from './conversation.ts';
import { readFrame } from './frames.ts';
import type { LiveTurns } from './turns.ts';

interface LiveClientContext {
  conversation: LiveConversation;
  turns: LiveTurns;
  pricing(): Pricing;
}

/** Checks a frame; synchronous unless the ledger must be asked. `isFirst`: the frame sets the session up. */
export function checkFrame(
  frame: Frame,
  isFirst: boolean,
  context: LiveClientContext,
): Verdict | Promise<Verdict> {
  const facts = readFrame(frame);
  const pass: Verdict = { outcome: 'pass', frame };
  const { conversation, turns } = context;
  switch (facts.outcome) {
    case 'opaque':
      return pass;
    case 'bulk':
      conversation.addBlob(facts.mimeType, facts.characters);
      if (facts.kind !== 'input-audio' || turns.isReservedForAudio) return pass;
      return after(turns.reserveForAudio(), pass);
    case 'message':
      return judgeMessage(frame, facts.message, isFirst, context);
  }
}

function judgeMessage(
  frame: Frame,
  message: JsonObject,
  isFirst: boolean,
  context: LiveClientContext,
): Verdict | Promise<Verdict> {
  const { conversation, turns } = context;
  const setup = objectOf(message, 'setup');
  if (setup !== undefined) {
    if (!isFirst) return ended(secondSetup());
    const refusal = refusalOfResources(setup, context.pricing().channel);
    if (refusal !== null) return ended(refusal);
    conversation.setUp(setup);
    // Another upstream may call the model otherwise.
    const again = () => withModelOf(frame, setup, context.pricing());
    return { outcome: 'pass', frame: again(), again };
  }
  const pass: Verdict = { outcome: 'pass', frame };
  const content = objectOf(message, 'clientContent');
  const refusal = refusalOfResources({ contents: memberOf(content, 'turns') }, context.pricing().channel);
  if (refusal !== null) return ended(refusal);
  for (const turn of objectsOf(content, 'turns')) conversation.addContent(turn);
  const results = memberOf(message, 'toolResponse');
  if (isObject(results)) conversation.addText(results);
  if (memberOf(content, 'turnComplete') === true) return after(turns.request(), pass);
  if (isObject(results)) return after(turns.answered(), pass);
  return hear(objectOf(message, 'realtimeInput'), pass, context);
}

/** Realtime input: sound, pictures, text, and the client's own marks of when the speaker begins and ends. */
function hear(
  input: JsonObject | undefined,
  pass: Verdict,
  { conversation, turns }: LiveClientContext,
): Verdict | Promise<Verdict> {
  if (input === undefined) return pass;
  const blobs = ['audio', 'video', 'mediaChunks'].flatMap((name) => objectsOf(input, name));
  for (const blob of blobs)
    conversation.addBlob(textOf(blob, 'mimeType') ?? '', textOf(blob, 'data')?.length ?? 0);
  const text = textOf(input, 'text');
  if (text !== undefined) conversation.addText(text);
  if (text !== undefined || isObject(memberOf(input, 'activityEnd'))) return after(turns.request(), pass);
  const isSound = blobs.some((blob) => !/^(image|video)\//.test(textOf(blob, 'mimeType') ?? ''));
  return isSound && !turns.isReservedForAudio ? after(turns.reserveForAudio(), pass) : pass;
}

async function after(reserved: Promise<void>, pass: Verdict): Promise<Verdict> {
  try {
    await reserved;
    return pass;
  } catch (thrown) {
    return ended(relayErrorOf(thrown));
  }
}

/** The API has no event for an error. */
function ended(error: RelayError): Verdict {
  return { outcome: 'end', error, event: null };
}

function secondSetup(): RelayError {
  return new RelayError('invalid_request', 'A session is set up once, by its first message.');
}

/** A frame that names the model as the upstream does is not touched. */
function withModelOf(frame: Frame, setup: JsonObject, { upstreamModel }: Pricing): Frame {
  const text = textOfFrame(frame);
  const renamed = withSetupModel(text, modelNamed(setup, upstreamModel));
  return renamed === text ? frame : frameLike(frame, renamed);
}

const prefix = 'models/';

/** Returns the model's name as channels and tokens have it, or undefined if the message names none. */
export function modelOfSetup(message: JsonObject): string | undefined {
  return textOf(objectOf(message, 'setup'), 'model')?.replace(prefix, '');
}

/** The upstream's name of the model, written as the client writes its own. */
export function modelNamed(setup: JsonObject, upstreamModel: string): string {
  const bare = upstreamModel.replace(prefix, '');
  return textOf(setup, 'model')?.startsWith(prefix) ? prefix + bare : bare;
}

/** The text with that model wherever it names one, should it name several. Else as it was, byte for byte. */
export function withSetupModel(text: string, model: string): string {
  const setups = topLevelMembers(text).filter(({ key }) => key === 'setup');
  return setups.reduceRight((result, member) => {
    const setup = memberText(text, member);
    if (!setup.startsWith('{')) return result;
    const renamed = replaceMember(setup, 'model', JSON.stringify(model));
    return result.slice(0, member.valueStart) + renamed + result.slice(member.valueEnd);
  }, text);
}
