// The cost in answers, for those who ask: the code for it is loaded then. Everybody else's answer is not touched.
import { shapeOfBytes } from '../../formats/framing-detector.ts';
import type { Priced } from '../settlement/usage.ts';
import type { CostEdit } from './cost-edit.ts';
import type { Edit } from './rewriting-stream.ts';
import type { RunningAnswer } from './running-answer.ts';

/** Whether the answer shows its cost, or has a ceiling. */
export function hasCost({ plan: { cost } }: Pick<RunningAnswer, 'plan'>): boolean {
  return cost.isShown || cost.ceilingNanoUsd !== null;
}

/** Returns the edit of a stream, around another one. */
export async function costEdit(answer: RunningAnswer, inner: Edit | null): Promise<CostEdit> {
  const { CostEdit: Edits } = await import('./cost-edit.ts');
  return new Edits(answer, inner);
}

/** Whether a whole answer to a streaming request is a stream, which is edited event by event. */
export function isEventStream({ plan }: RunningAnswer, bytes: Uint8Array): boolean {
  if (!plan.facts.stream) return false;
  const shape = shapeOfBytes(bytes);
  return shape === 'sse' || shape === 'array';
}

/** A body, and the price in it, which its settlement must charge. */
interface ShownAnswer<Body> {
  body: Body | string;
  priced: { priced?: Priced };
}

/** Puts the cost into a whole answer and its headers, if the caller asks for it. */
export async function showCost<Body extends Uint8Array<ArrayBuffer> | string>(
  answer: RunningAnswer,
  body: Body,
  headers: Headers,
  errorCode: string | null,
): Promise<ShownAnswer<Body>> {
  if (!answer.plan.cost.isShown) return { body, priced: {} };
  const { bodyWithCost, priceOfWhole } = await import('./cost-edit.ts');
  const price = priceOfWhole(answer, errorCode);
  if (price === null) return { body, priced: {} };
  if (price.usdText !== null) headers.set('x-relay-cost-usd', price.usdText);
  return {
    body: bodyWithCost(answer.call.endpoint.format.api, body, price),
    priced: { priced: price.priced },
  };
}

/** Puts the cost into a stream that was made of a whole answer. */
export async function streamWithCost(answer: RunningAnswer, text: string): Promise<string> {
  const { writtenWithCost } = await import('./cost-edit.ts');
  return writtenWithCost(answer, text);
}
