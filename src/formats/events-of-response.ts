// A whole answer as the events of a stream with the same content, for callers that stream while the upstream does not.
import type { NeutralEvent, NeutralPart, NeutralResponse } from './neutral.ts';

export function eventsOfResponse(response: NeutralResponse): NeutralEvent[] {
  const { id, model, createdAtSeconds, usage, serviceTier, promptBlock, error } = response;
  const candidates = response.candidates.flatMap(({ parts, stop }, candidate): NeutralEvent[] => [
    ...parts.flatMap((content, part) => eventsOfPart(content, { candidate, part })),
    { type: 'candidate-end', candidate, stop },
  ]);
  return [
    { type: 'message-start', id, model, createdAtSeconds, usage: null },
    ...candidates,
    ...(promptBlock === null ? [] : [{ type: 'prompt-block' as const, ...promptBlock }]),
    ...(usage === null ? [] : [{ type: 'usage-set' as const, usage, serviceTier }]),
    error === null ? { type: 'message-end' } : { type: 'error', error },
  ];
}

type At = { candidate: number; part: number };

function eventsOfPart(content: NeutralPart, at: At): NeutralEvent[] {
  switch (content.type) {
    case 'text': {
      const { text, citations = [], signature, logprobs } = content;
      return [
        { type: 'text-start', ...at },
        { type: 'text-delta', ...at, text, ...(logprobs && { logprobs }) },
        ...citations.map((citation): NeutralEvent => ({ type: 'citation-add', ...at, citation })),
        { type: 'text-end', ...at, ...(signature && { signature }) },
      ];
    }
    case 'refusal':
      return [
        { type: 'refusal-start', ...at },
        { type: 'refusal-delta', ...at, text: content.text },
        { type: 'refusal-end', ...at },
      ];
    case 'reasoning': {
      const paragraphs = content.paragraphs ?? (content.text === '' ? [] : [content.text]);
      return [
        { type: 'reasoning-start', ...at },
        ...paragraphs.map(
          (text, paragraph): NeutralEvent => ({ type: 'reasoning-delta', ...at, text, paragraph }),
        ),
        { type: 'reasoning-end', ...at, ...(content.signature && { signature: content.signature }) },
      ];
    }
    case 'tool-call': {
      const { id, name, custom, namespace, signature, itemId, arguments: json } = content;
      const given = {
        ...(custom && { custom }),
        ...(namespace && { namespace }),
        ...(signature && { signature }),
        ...(itemId !== undefined && { itemId }),
      };
      return [
        { type: 'tool-call-start', ...at, id, name, ...given },
        { type: 'tool-call-delta', ...at, arguments: json },
        { type: 'tool-call-end', ...at },
      ];
    }
    case 'tool-result':
      return [];
    case 'media':
    case 'web-search':
    case 'opaque':
      return [{ type: 'part-add', ...at, content }];
  }
}
