// Parts of an answer, for clients of generateContent.
import type { JsonObject } from '../../lib/json.ts';
import { type Carried, writeCarry } from '../carry.ts';
import type { MediaPart, Proof, ReasoningPart } from '../neutral.ts';

/** Another provider's proof goes as a carry, in the alphabet that bytes fields have. */
export function signatureMember(proof: Proof | undefined, paragraphs?: string[]): JsonObject {
  if (proof === undefined) return {};
  if (proof.origin === 'gemini-generate') return { thoughtSignature: proof.value };
  const carried = { reasoning: [{ text: '', ...(paragraphs && { paragraphs }), proof }] };
  return { thoughtSignature: writeCarry(carried, 'base64') };
}

export function thoughtPart({
  text,
  paragraphs,
  proof,
}: Pick<ReasoningPart, 'text' | 'paragraphs' | 'proof'>): JsonObject {
  return { text, thought: true, ...signatureMember(proof, paragraphs) };
}

/** A call carries the thoughts before it too: clients drop thought parts, but never calls. */
export function callPart(id: string, name: string, args: JsonObject, carried: Carried | null): JsonObject {
  const functionCall = { id, name, args };
  if (carried === null) return { functionCall };
  const isGeminis = carried.reasoning.length === 0 && carried.proof?.origin === 'gemini-generate';
  const value = isGeminis ? (carried.proof?.value ?? '') : writeCarry(carried, 'base64');
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
