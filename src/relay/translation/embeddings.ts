// Translates embeddings for an upstream with another format for them. Pure.
import type { EmbeddingRequest } from '../../formats/embedding.ts';
import type { FormatId } from '../../formats/format-id.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import type { PricedRoute } from '../plan/candidate-routes.ts';
import type { Plan } from '../plan/plan.ts';
import { withoutCostOption } from '../request/cost-options.ts';
import { jsonOf, refuseLoss, type TranslatedRequest } from './translation.ts';

/** Throws RelayError `invalid_request` for what cannot be embedded there, or a loss that the caller forbids. */
export function translateEmbeddings(
  call: Call,
  plan: Plan,
  { upstreamModel, model }: PricedRoute,
  target: FormatId,
): TranslatedRequest {
  const caller = call.endpoint.format.embeddingCaller;
  const format = call.formats.format(target);
  const { embeddingUpstream: upstream } = format;
  if (caller === undefined || upstream === undefined)
    throw new RelayError('internal_error', 'This endpoint cannot be translated.');
  const given = plan.body.type === 'json' ? (plan.body.value as JsonObject) : {};
  const body = withoutCostOption(given, plan.cost, call.endpoint.format);
  const read = caller.read(body);
  if (!read.ok) throw new RelayError('invalid_request', read.message, { param: read.param ?? 'input' });
  const { request } = read;
  const { body: written, dropped } = upstream.write(request, upstreamModel);
  refuseLoss(call, dropped, model);
  return {
    operation: upstream.operation,
    text: JSON.stringify(written),
    translation: {
      format,
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
