// Accumulates neutral events to the response that a reader of whole bodies returns. Also checks that starts and
// ends balance, as readers promise.
import type {
  MediaPart,
  NeutralCandidate,
  NeutralEvent,
  NeutralPart,
  NeutralResponse,
  TextPart,
} from '../../src/formats/neutral.ts';
import { paragraphBreak } from '../../src/formats/reasoning.ts';

export interface Collected extends NeutralResponse {
  /** Whether the terminator was received. */
  whole: boolean;
}

interface Collection {
  response: Collected;
  open: Map<string, NeutralPart>;
  paragraphs: Map<NeutralPart, string[]>;
}

/** Accumulates the events. Throws if a part is not started, is started twice, or is left open. */
export function collectEvents(events: readonly NeutralEvent[]): Collected {
  const collection: Collection = {
    response: {
      id: null,
      model: null,
      createdAtSeconds: null,
      candidates: [],
      usage: null,
      serviceTier: null,
      error: null,
      promptBlock: null,
      whole: false,
    },
    open: new Map(),
    paragraphs: new Map(),
  };
  for (const event of events) collect(collection, event);
  const left = [...collection.open].filter(([, part]) => part.type !== 'media');
  if (left.length > 0) throw new Error(`parts left open: ${left.map(([key]) => key).join()}`);
  return collection.response;
}

function candidateAt({ response }: Collection, index: number): NeutralCandidate {
  while (response.candidates.length <= index)
    response.candidates.push({ parts: [], stop: { reason: 'unknown' } });
  return response.candidates[index] as NeutralCandidate;
}

function startPart(
  collection: Collection,
  { candidate, part }: { candidate: number; part: number },
  content: NeutralPart,
): void {
  const key = `${candidate}/${part}`;
  const { parts } = candidateAt(collection, candidate);
  if (parts[part] !== undefined) throw new Error(`part ${key} is started twice`);
  parts[part] = content;
  collection.open.set(key, content);
}

function findOpenPart<Type extends NeutralPart['type']>(
  { open }: Collection,
  { candidate, part }: { candidate: number; part: number },
  type: Type,
): Extract<NeutralPart, { type: Type }> {
  const content = open.get(`${candidate}/${part}`);
  if (content?.type !== type) throw new Error(`part ${candidate}/${part} is no open ${type}`);
  return content as Extract<NeutralPart, { type: Type }>;
}

function endPart({ open }: Collection, { candidate, part }: { candidate: number; part: number }): void {
  if (!open.delete(`${candidate}/${part}`))
    throw new Error(`part ${candidate}/${part} ends and was not open`);
}

function collect(collection: Collection, event: NeutralEvent): void {
  const { response } = collection;
  if (response.whole) throw new Error(`${event.type} after message-end`);
  switch (event.type) {
    case 'message-start':
      response.id = event.id;
      response.model = event.model;
      response.createdAtSeconds = event.createdAtSeconds;
      response.usage ??= event.usage;
      return;
    case 'usage-set':
      response.usage = event.usage;
      response.serviceTier = event.serviceTier ?? response.serviceTier;
      return;
    case 'candidate-end':
      candidateAt(collection, event.candidate).stop = event.stop;
      return;
    case 'prompt-block':
      response.promptBlock = { reason: event.reason, message: event.message };
      return;
    case 'error':
      response.error = event.error;
      return;
    case 'message-end':
      response.whole = true;
      return;
    default:
      collectPart(collection, event);
  }
}

type PartEvent = Extract<NeutralEvent, { part: number }>;

function collectPart(collection: Collection, event: PartEvent): void {
  switch (event.type) {
    case 'text-start':
      startPart(collection, event, { type: 'text', text: '' });
      return;
    case 'text-delta': {
      const text = findOpenPart(collection, event, 'text');
      text.text += event.text;
      if (event.logprobs) text.logprobs = [...(text.logprobs ?? []), ...event.logprobs];
      return;
    }
    case 'citation-add': {
      const text = candidateAt(collection, event.candidate).parts[event.part] as TextPart;
      text.citations = [...(text.citations ?? []), event.citation];
      return;
    }
    case 'refusal-start':
      startPart(collection, event, { type: 'refusal', text: '' });
      return;
    case 'refusal-delta':
      findOpenPart(collection, event, 'refusal').text += event.text;
      return;
    case 'reasoning-start':
      startPart(collection, event, { type: 'reasoning', text: '' });
      return;
    case 'reasoning-delta':
      addReasoning(collection, event);
      return;
    case 'tool-call-start': {
      const { id, name, namespace, custom, signature, itemId } = event;
      const optional = {
        ...(namespace && { namespace }),
        ...(custom && { custom }),
        ...(signature && { signature }),
        ...(itemId && { itemId }),
      };
      startPart(collection, event, { type: 'tool-call', id, name, arguments: '', ...optional });
      return;
    }
    case 'tool-call-delta':
      findOpenPart(collection, event, 'tool-call').arguments += event.arguments;
      return;
    case 'audio-delta':
      addAudio(collection, event);
      return;
    case 'part-add':
      startPart(collection, event, event.content);
      endPart(collection, event);
      return;
    case 'text-end':
    case 'reasoning-end': {
      const { signature } = event;
      if (signature)
        findOpenPart(collection, event, event.type === 'text-end' ? 'text' : 'reasoning').signature =
          signature;
      endPart(collection, event);
      return;
    }
    case 'refusal-end':
    case 'tool-call-end':
      endPart(collection, event);
      return;
  }
}

function addReasoning(collection: Collection, event: Extract<PartEvent, { type: 'reasoning-delta' }>): void {
  const reasoning = findOpenPart(collection, event, 'reasoning');
  const paragraphs = collection.paragraphs.get(reasoning) ?? [];
  while (paragraphs.length <= event.paragraph) paragraphs.push('');
  paragraphs[event.paragraph] += event.text;
  collection.paragraphs.set(reasoning, paragraphs);
  reasoning.text = paragraphs.join(paragraphBreak);
  if (paragraphs.length > 1) reasoning.paragraphs = paragraphs;
}

/** Audio has no end event of its own. */
function addAudio(collection: Collection, event: Extract<PartEvent, { type: 'audio-delta' }>): void {
  const { candidate, part, data, transcript, mediaType, providerId } = event;
  const known = candidateAt(collection, candidate).parts[part] as MediaPart | undefined;
  if (known === undefined)
    startPart(collection, event, {
      type: 'media',
      kind: 'audio',
      source: { type: 'base64', mediaType, data: '' },
      transcript: '',
    });
  const audio = findOpenPart(collection, event, 'media');
  if (audio.source.type === 'base64') audio.source.data += data;
  audio.transcript += transcript;
  if (providerId !== undefined) audio.providerId = providerId;
}
