// The output items of a response on the wire. One builder each: whole answers and streams must agree.
// https://platform.openai.com/docs/api-reference/responses/object#responses/object-output
import type { JsonObject } from '../../lib/json.ts';
import { customInputOf, isCustomTool } from '../custom-tools.ts';
import type {
  MediaPart,
  NeutralRequest,
  ReasoningSignature,
  ToolCallPart,
  WebSearchPart,
} from '../neutral.ts';
import { callIdWithState, writePortableState } from '../portable-state.ts';
import { argumentsObject } from '../tool-arguments.ts';
import { wrapperOf } from './namespaces.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

/** Prefixes of ids, as OpenAI gives them. */
export type ItemPrefix = 'msg' | 'rs' | 'fc' | 'ctc' | 'tsc' | 'ig' | 'ws';

/** The id of an item: made from the answer's, and the same whenever the answer is written. */
export function itemId(prefix: ItemPrefix, answerId: string, outputIndex: number): string {
  return `${prefix}_${answerId}_${outputIndex}`;
}

/** A message of the assistant. */
export function messageItem(id: string, status: ItemStatus, content: readonly JsonObject[]): JsonObject {
  return { id, type: 'message', status, role: 'assistant', content };
}

export function textContent(
  text: string,
  annotations: readonly JsonObject[],
  logprobs: readonly JsonObject[],
): JsonObject {
  return { type: 'output_text', annotations, logprobs, text };
}

export function refusalContent(refusal: string): JsonObject {
  return { type: 'refusal', refusal };
}

/**
 * Returns the item of reasoning with its summary. What its provider requires back is always included, because stateless
 * clients send items back.
 */
export function reasoningItem(
  id: string,
  paragraphs: readonly string[],
  signature: ReasoningSignature | undefined,
): JsonObject {
  const summary = paragraphs.map((text) => ({ type: 'summary_text', text }));
  return {
    id,
    type: 'reasoning',
    summary,
    ...(signature && { encrypted_content: encryptedContent(signature) }),
  };
}

/** This provider's own, or a portable state of another's. The text that it signs is the summary. */
function encryptedContent(signature: ReasoningSignature): string {
  if (signature.origin === 'openai-responses') return signature.value;
  return writePortableState({ reasoning: [{ text: '', signature }] }, 'base64url');
}

/** How a call of the client's tools is written. A function that replaces a custom tool is written as that tool. */
export interface CallShape {
  custom: boolean;
  /** Its arguments are those of the function, to be turned back. */
  unwrapped: boolean;
  /** The caller's name of the tool. */
  name: string;
  namespace: string | undefined;
  /** The client's search for tools: an item of another type, whose arguments come whole. */
  isSearch: boolean;
}

export function callShape(
  request: NeutralRequest,
  { name, custom, namespace: ownNamespace }: Pick<ToolCallPart, 'name' | 'custom' | 'namespace'>,
): CallShape {
  const unwrapped = !custom && isCustomTool(request, name);
  const { namespace = ownNamespace, isSearch } = wrapperOf(request.tools, name) ?? {};
  return {
    custom: custom === true || unwrapped,
    unwrapped,
    name: namespace?.tool ?? name,
    namespace: namespace?.name,
    isSearch: isSearch === true,
  };
}

/** The prefix of a call's item id. */
export function callPrefix({ custom, isSearch }: CallShape): ItemPrefix {
  if (isSearch) return 'tsc';
  return custom ? 'ctc' : 'fc';
}

/** The client's id of a call: a provider's signature of the call itself travels in it. */
export function clientCallId({ id, signature }: Pick<ToolCallPart, 'id' | 'signature'>): string {
  return callIdWithState(id, signature === undefined ? null : { reasoning: [], signature });
}

/** `text`: arguments as JSON, or a custom tool's input. */
export function callItem(
  id: string,
  status: ItemStatus,
  call: { callId: string; shape: CallShape },
  text: string,
): JsonObject {
  const { callId: call_id, shape } = call;
  if (shape.isSearch)
    return {
      id,
      type: 'tool_search_call',
      status,
      call_id,
      execution: 'client',
      arguments: argumentsObject(text),
    };
  const named = { name: shape.name, ...(shape.namespace !== undefined && { namespace: shape.namespace }) };
  if (shape.custom) return { id, type: 'custom_tool_call', status, call_id, ...named, input: text };
  return { id, type: 'function_call', status, call_id, ...named, arguments: text };
}

/** Returns the text of a finished call. */
export function callText({ custom, unwrapped }: CallShape, functionArguments: string): string {
  if (unwrapped) return customInputOf(functionArguments);
  return functionArguments === '' && !custom ? '{}' : functionArguments;
}

/** A picture; null for what no image_generation_call can hold. */
export function imageItem(id: string, { kind, source }: MediaPart): JsonObject | null {
  if (kind !== 'image' || source.type !== 'base64') return null;
  const format = source.mediaType.slice('image/'.length);
  return {
    id,
    type: 'image_generation_call',
    status: 'completed',
    output_format: format,
    result: source.data,
  };
}

/** A search that the provider ran; this format's own comes back as it was. */
export function searchItem(id: string, { query, results, errorCode, opaque }: WebSearchPart): JsonObject {
  const [own] = opaque?.origin === 'openai-responses' ? opaque.wire : [];
  if (own !== undefined) return own;
  const sources = results?.map(({ url }) => ({ type: 'url', url }));
  const queries = query === undefined ? [] : [query];
  const action = {
    type: 'search',
    queries,
    ...(query !== undefined && { query }),
    ...(sources && { sources }),
  };
  return { id, type: 'web_search_call', status: errorCode === undefined ? 'completed' : 'failed', action };
}
