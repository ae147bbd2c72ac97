// What the demo upstream's handlers receive and return: plain data, no sockets.

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json | undefined };
export type JsonObject = { [name: string]: Json | undefined };

export interface DemoRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** A stream's pieces are sent one by one, with a short pause between them. */
export type DemoAnswer =
  | { readonly kind: 'json'; readonly status: number; readonly body: Json }
  | { readonly kind: 'bytes'; readonly contentType: string; readonly bytes: Uint8Array | string }
  | { readonly kind: 'stream'; readonly contentType: string; readonly pieces: readonly string[] };

export type DemoHandler = (request: DemoRequest) => DemoAnswer | Promise<DemoAnswer>;

/** A refusal with a provider's message; each format's renderer shapes it. */
export class DemoRefusal extends Error {
  readonly status: number;
  readonly param: string | null;

  constructor(status: number, message: string, param: string | null = null) {
    super(message);
    this.status = status;
    this.param = param;
  }
}

/** A plain JSON answer. */
export function jsonAnswer(body: Json, status = 200): DemoAnswer {
  return { kind: 'json', status, body };
}

/** The request's body as a JSON object; anything else is a 400. */
export function jsonBody(request: DemoRequest): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(request.body));
  } catch {
    throw new DemoRefusal(400, 'We could not parse the JSON body of your request.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new DemoRefusal(400, 'The body of the request must be a JSON object.');
}

/** The request's body as a multipart form; anything else is a 400. */
export async function formBody(request: DemoRequest): Promise<FormData> {
  try {
    return await new Response(request.body, { headers: request.headers }).formData();
  } catch {
    throw new DemoRefusal(400, 'Could not parse multipart form.');
  }
}

/** Returns a required member. */
export function needed(body: JsonObject, name: string): Json {
  const value = body[name];
  if (value === undefined || value === null) {
    throw new DemoRefusal(400, `Missing required parameter: '${name}'.`, name);
  }
  return value;
}

/** Returns the requested model if it is served, else throws a 404. */
export function servedModel(asked: unknown, served: readonly string[]): string {
  if (typeof asked !== 'string') throw new DemoRefusal(400, 'you must provide a model parameter', 'model');
  if (served.includes(asked)) return asked;
  throw new DemoRefusal(404, `The model '${asked}' does not exist in the demo upstream.`, 'model');
}
