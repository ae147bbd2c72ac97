// Reads what the relay needs to know about a request: its model, and whether it streams. Pure.
import type { Endpoint, Operation } from '../../formats/format.ts';
import { isModelName, modelNameRule } from '../../formats/model-name.ts';
import { type RequestFacts, readRequestFacts } from '../../formats/request.ts';
import type { RequestFault } from '../../formats/request-fault.ts';
import { isMisdirected } from '../../formats/translations.ts';
import type { WireKind } from '../../formats/wire-kind.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';

/** The provider's default when the body names no model. */
const defaultModels: Partial<Record<Operation, string>> = {
  moderations: 'omni-moderation-latest',
  'image-generations': 'dall-e-2',
  'image-edits': 'dall-e-2',
  'image-variations': 'dall-e-2',
};

const noFacts: RequestFacts = {
  ok: true,
  model: null,
  stream: false,
  includeUsage: undefined,
  background: false,
  store: undefined,
};

export function readFacts({ endpoint, pathModel }: Call, body: CallerBody): RequestFacts {
  if (body.type === 'none') return noFacts;
  if (body.type === 'json' && pathModel === null) refuseOtherSpelling(body.value as JsonObject);
  const counting = endpoint.free && endpoint.kind !== 'moderations';
  const facts = readRequestFacts(kindOf(endpoint, body), bodyValue(body), { counting });
  if (!facts.ok) throw faultError(facts);
  if (pathModel !== null && !isModelName(pathModel))
    throw new RelayError('invalid_request', `The path must name ${modelNameRule}.`, { param: 'model' });
  return {
    ...facts,
    stream: facts.stream || endpoint.operation === 'stream-generate-content',
    model: pathModel ?? facts.model ?? defaultModels[endpoint.operation] ?? null,
  };
}

export function faultError({ message, param }: RequestFault): RelayError {
  return new RelayError('invalid_request', message, param === null ? {} : { param });
}

/**
 * Some upstreams read the names of fields without regard to case, and take the last (Go's encoding/json does): `Model`
 * would be served, and `model` allowed and priced.
 */
function refuseOtherSpelling(value: JsonObject): void {
  const other = Object.keys(value).find((key) => key !== 'model' && key.toLowerCase() === 'model');
  if (other === undefined) return;
  const message = `The field \`${other}\` is not known. The model is named in \`model\`.`;
  throw new RelayError('invalid_request', message, { param: other });
}

/** Returns the format of a body: one of Responses at chat completions is read as Responses. */
export function kindOf({ kind, operation }: Endpoint, body: CallerBody): WireKind {
  const isOther = operation === 'chat-completions' && isMisdirected(bodyValue(body) as JsonObject);
  return isOther ? 'responses' : kind;
}
