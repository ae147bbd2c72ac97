// Translates embeddings for an upstream with another format for them. Pure.
import type { EmbeddingDialect, EmbeddingRequest } from '../../formats/embedding.ts';
import { embeddingCaller, embeddingOperation, embeddingUpstream } from '../../formats/embeddings.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { jsonOf, refuseLoss, type TranslatedRequest } from './translation.ts';

/** Throws RelayError `invalid_request` for what cannot be embedded there, or a loss that the caller forbids. */
export function translateEmbeddings(
  call: Call,
  plan: Plan,
  { upstreamModel, model }: PricedRoute,
  dialect: EmbeddingDialect,
): TranslatedRequest {
  const caller = embeddingCaller(call.endpoint.operation);
  if (caller === null) throw new RelayError('internal_error', 'This endpoint cannot be translated.');
  const body = plan.body.type === 'json' ? (plan.body.value as JsonObject) : {};
  const request = caller.read(body);
  if ('ok' in request)
    throw new RelayError('invalid_request', request.message, { param: request.param ?? 'input' });
  const upstream = embeddingUpstream(dialect);
  const { body: written, dropped } = upstream.write(request, upstreamModel);
  refuseLoss(call, dropped, model);
  return {
    operation: embeddingOperation(dialect),
    text: JSON.stringify(written),
    translation: {
      kind: dialect === 'gemini' ? 'gemini-embed' : 'embeddings',
      dropped,
      whole: (text) => {
        const answer = upstream.read(jsonOf(text));
        if (answer.vectors.length !== request.texts.length) throw incomplete(request, answer.vectors.length);
        return { ...fine, body: caller.write(answer, model ?? '', body) };
      },
      wholeOfStream: () => {
        throw new RelayError('upstream_error', 'The model provider streamed an answer unasked.');
      },
      stream: () => null,
      streamOfWhole: (text) => text,
      streamType: 'application/json',
    },
  };
}

const fine = { status: 200, dropped: [], hasFailed: false, isFinal: false };

function incomplete({ texts }: EmbeddingRequest, vectors: number): RelayError {
  const message = `The model provider answered ${vectors} vectors for ${texts.length} texts.`;
  return new RelayError('upstream_error', message);
}
