// Serves the imitated model in all four formats, distinguished by path, from one script.

import type { Handler } from '../../../support/upstream.ts';
import { refusalOf } from './refusals.ts';
import type { Format, Script, UpstreamView } from './script.ts';
import { chatAnswer, chatStream, chatUpstreamView } from './upstream-chat.ts';
import { generateAnswer, generateStream, generateUpstreamView } from './upstream-generate.ts';
import { messagesAnswer, messagesStream, messagesUpstreamView } from './upstream-messages.ts';
import { responsesAnswer, responsesStream, responsesUpstreamView } from './upstream-responses.ts';

interface UpstreamFormat {
  answer(script: Script): unknown;
  stream(script: Script): string;
  view(body: Record<string, unknown>): UpstreamView;
}

export const upstreamFormats: Record<Format, UpstreamFormat> = {
  'openai-chat': { answer: chatAnswer, stream: chatStream, view: chatUpstreamView },
  'openai-responses': { answer: responsesAnswer, stream: responsesStream, view: responsesUpstreamView },
  'anthropic-messages': { answer: messagesAnswer, stream: messagesStream, view: messagesUpstreamView },
  'gemini-generate': { answer: generateAnswer, stream: generateStream, view: generateUpstreamView },
};

/** Returns the format of a path, and whether it streams. */
export function formatOfPath(path: string, body: { stream?: unknown }): { format: Format; streams: boolean } {
  const streams = body.stream === true || path.includes(':streamGenerateContent');
  if (path.includes('/chat/completions')) return { format: 'openai-chat', streams };
  if (path.includes('/responses')) return { format: 'openai-responses', streams };
  if (path.includes('/messages')) return { format: 'anthropic-messages', streams };
  return { format: 'gemini-generate', streams };
}

/** Answers as `scriptFor` decides for the request; a refusal is `{status, message}`. */
export function scriptedModel(
  scriptFor: (format: Format, body: Record<string, unknown>, model: string) => Script | { refuse: string },
): Handler {
  return (request, response) => {
    const body = JSON.parse(request.body.toString());
    const { format, streams } = formatOfPath(request.path, body);
    const model = body.model ?? decodeURIComponent(/models\/([^:]+):/.exec(request.path)?.[1] ?? '');
    const script = refusalOf(format, body, model) ?? scriptFor(format, body, model);
    if ('refuse' in script) {
      response.writeHead(400, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ error: { type: 'invalid_request_error', message: script.refuse } }));
      return;
    }
    const { answer, stream } = upstreamFormats[format];
    response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' });
    response.end(streams ? stream(script) : JSON.stringify(answer(script)));
  };
}
