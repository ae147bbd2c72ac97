// Reads what the relay needs to know about a request: its model, and whether it streams. Pure.
import { isModelName, modelNameRule } from '../../formats/request-checks.ts';
import { type RequestFacts, readRequestFacts } from '../../formats/request-facts.ts';
import type { RequestFault } from '../../formats/request-fields.ts';
import type { WireFormat } from '../../formats/wire-format.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RelayError } from '../../lib/relay-error.ts';
import type { Call } from '../call.ts';
import { bodyValue, type CallerBody } from '../request/read-body.ts';

const noFacts: RequestFacts = {
  ok: true,
  model: null,
  stream: false,
  includeUsage: undefined,
  background: false,
  store: undefined,
};

export function readFacts(call: Call, body: CallerBody): RequestFacts {
  const { endpoint, pathModel } = call;
  if (body.type === 'none') return noFacts;
  if (body.type === 'json' && pathModel === null) refuseOtherSpelling(body.value as JsonObject);
  const counting = endpoint.purpose === 'count';
  const facts = readRequestFacts(formatOf(call, body), bodyValue(body), { counting });
  if (!facts.ok) throw faultError(facts);
  if (pathModel !== null && !isModelName(pathModel))
    throw new RelayError('invalid_request', `The path must name ${modelNameRule}.`, { param: 'model' });
  return {
    ...facts,
    stream: facts.stream || endpoint.operation === 'stream-generate-content',
    model: pathModel ?? facts.model ?? endpoint.defaultModel,
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

/** Returns the format that the body is in, which a misdirected body decides itself. */
export function formatOf({ formats, endpoint }: Call, body: CallerBody): WireFormat {
  return formats.formatOfBody(endpoint, bodyValue(body) as JsonObject);
}
