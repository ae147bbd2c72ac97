// Parts of an answer, for clients of generateContent.
import type { JsonObject } from '../../lib/json.ts';
import type { MediaPart, ReasoningPart, ReasoningSignature } from '../neutral.ts';
import { type PortableState, writePortableState } from '../portable-state.ts';

/** Another provider's signature is written as a portable state, in the alphabet of bytes fields. */
export function signatureMember(
  signature: ReasoningSignature | undefined,
  paragraphs?: string[],
): JsonObject {
  if (signature === undefined) return {};
  if (signature.origin === 'gemini-generate') return { thoughtSignature: signature.value };
  const state = { reasoning: [{ text: '', ...(paragraphs && { paragraphs }), signature }] };
  return { thoughtSignature: writePortableState(state, 'base64') };
}

export function thoughtPart({
  text,
  paragraphs,
  signature,
}: Pick<ReasoningPart, 'text' | 'paragraphs' | 'signature'>): JsonObject {
  return { text, thought: true, ...signatureMember(signature, paragraphs) };
}

/** A call also contains the reasoning before it: clients drop reasoning parts, but never calls. */
export function callPart(
  id: string,
  name: string,
  args: JsonObject,
  state: PortableState | null,
): JsonObject {
  const functionCall = { id, name, args };
  if (state === null) return { functionCall };
  const isGeminis = state.reasoning.length === 0 && state.signature?.origin === 'gemini-generate';
  const value = isGeminis ? (state.signature?.value ?? '') : writePortableState(state, 'base64');
  return { functionCall, thoughtSignature: value };
}

/** Null for an address that only another provider knows. */
export function mediaPart({ source }: MediaPart): JsonObject | null {
  switch (source.type) {
    case 'base64':
      return { inlineData: { mimeType: source.mediaType, data: source.data } };
    case 'url':
      return {
        fileData: {
          fileUri: source.url,
          ...(source.mediaType !== undefined && { mimeType: source.mediaType }),
        },
      };
    default:
      return null;
  }
}
