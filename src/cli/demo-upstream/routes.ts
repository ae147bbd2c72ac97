// Maps requests to handlers, providers, and the place of each provider's credential.
import { countMessageTokens, messages } from './anthropic-messages.ts';
import { rerank } from './cohere-rerank.ts';
import { type DemoAnswer, type DemoHandler, DemoRefusal, type DemoRequest } from './exchange.ts';
import { callGemini } from './gemini-generate.ts';
import {
  anthropicModelList,
  cohereModelList,
  demoModelList,
  geminiModelList,
  openaiModelList,
} from './model-lists.ts';
import { chatCompletions, completions } from './openai-chat.ts';
import { images, speech, transcriptions } from './openai-media.ts';
import { countResponseInput, createResponse, useResponse } from './openai-responses.ts';
import { embeddings, moderations } from './openai-vectors.ts';
import { type DemoProvider, missingKeyRefusal, refusalAnswer } from './refusal.ts';

interface Route {
  readonly provider: DemoProvider;
  readonly method: string;
  readonly path: RegExp;
  readonly handle: DemoHandler;
}

const routes: readonly Route[] = [
  post('openai', '/v1/chat/completions', chatCompletions),
  post('openai', '/v1/completions', completions),
  post('openai', '/v1/responses', createResponse),
  post('openai', '/v1/responses/input_tokens', countResponseInput),
  post('openai', '/v1/responses/[^/]+/cancel', useResponse),
  {
    provider: 'openai',
    method: 'GET',
    path: /^\/v1\/responses\/[^/]+(\/input_items)?$/,
    handle: useResponse,
  },
  { provider: 'openai', method: 'DELETE', path: /^\/v1\/responses\/[^/]+$/, handle: useResponse },
  post('openai', '/v1/embeddings', embeddings),
  post('openai', '/v1/moderations', moderations),
  post('openai', '/v1/audio/speech', speech),
  post('openai', '/v1/audio/(transcriptions|translations)', transcriptions),
  post('openai', '/v1/images/(generations|edits|variations)', images),
  post('anthropic', '/v1/messages', messages),
  post('anthropic', '/v1/messages/count_tokens', countMessageTokens),
  post('gemini', '/v1(beta)?/models/[^/]+:\\w+', callGemini),
  { provider: 'gemini', method: 'GET', path: /^\/v1beta\/models$/, handle: geminiModelList },
  post('cohere', '/v2/rerank', rerank),
];

/** Answers any request, including with refusals. */
export async function answerRequest(request: DemoRequest): Promise<DemoAnswer> {
  if (request.path === '/demo/models') return demoModelList();
  const found = findRoute(request);
  try {
    if (found === undefined)
      throw new DemoRefusal(404, `Unknown request URL: ${request.method} ${request.path}.`);
    if (!hasCredential(found.provider, request)) throw missingKeyRefusal(found.provider);
    return await found.handle(request);
  } catch (error) {
    if (!(error instanceof DemoRefusal)) console.error('demo upstream:', error);
    return refusalAnswer(found?.provider ?? providerOfPath(request.path), error);
  }
}

function findRoute(request: DemoRequest): Pick<Route, 'provider' | 'handle'> | undefined {
  if (request.method === 'GET' && request.path === '/v1/models') {
    // One path of three providers: only Cohere pages by `page_size`, only Anthropic has a version header.
    if (request.query.has('page_size')) return { provider: 'cohere', handle: cohereModelList };
    return request.headers.has('anthropic-version')
      ? { provider: 'anthropic', handle: anthropicModelList }
      : { provider: 'openai', handle: openaiModelList };
  }
  return routes.find(({ method, path }) => method === request.method && path.test(request.path));
}

/** Any key works, but there must be one where its provider expects it. */
function hasCredential(provider: DemoProvider, { headers, query }: DemoRequest): boolean {
  if (/^Bearer\s+\S/i.test(headers.get('authorization') ?? '')) return true;
  if (provider === 'anthropic') return Boolean(headers.get('x-api-key'));
  return provider === 'gemini' && Boolean(headers.get('x-goog-api-key') || query.get('key'));
}

function providerOfPath(path: string): DemoProvider {
  if (path.startsWith('/v1beta')) return 'gemini';
  if (path.startsWith('/v1/messages')) return 'anthropic';
  return path.startsWith('/v2') ? 'cohere' : 'openai';
}

function post(provider: DemoProvider, path: string, handle: DemoHandler): Route {
  return { provider, method: 'POST', path: new RegExp(`^${path}$`), handle };
}
