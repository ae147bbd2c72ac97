// Puts what an answer costs into it, and ends a stream at the caller's ceiling, for requests that ask for either. Nobody else's answer is touched.

import { type Cutter, cutterOf, type Piece, withCost } from '../../formats/cost-in-answer.ts';
import type { ApiFormat } from '../../formats/format-id.ts';
import { FramingDetector, shapeOfBytes } from '../../formats/framing-detector.ts';
import { withData } from '../../formats/openai-chat/strip-usage.ts';
import { joinedBytes } from '../../lib/chunk-reader.ts';
import { usdTextOfNano } from '../../lib/money.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { costOfCharge } from '../../metering/charge.ts';
import { ceilingReached } from '../request/cost-options.ts';
import { isInBackground } from '../settlement/request-record.ts';
import { type MeteredRequest, type Priced, pricedOf, runningCost } from '../settlement/usage.ts';
import { callerFraming } from './pings.ts';
import type { Edit } from './rewriting-stream.ts';
import type { RunningAnswer } from './running-answer.ts';

/** Whether the answer shows its cost, or has a ceiling. */
export function hasCost({ plan: { cost } }: Pick<RunningAnswer, 'plan'>): boolean {
  return cost.isShown || cost.ceilingNanoUsd !== null;
}

/** Whether a whole answer to a streaming request is a stream, which is edited event by event. */
export function isEventStream({ plan }: RunningAnswer, bytes: Uint8Array): boolean {
  const shape = plan.facts.stream ? shapeOfBytes(bytes) : 'other';
  return shape === 'sse' || shape === 'array';
}

/** A body, and the price in it, which its settlement must charge. */
interface ShownAnswer<Body> {
  body: Body | string;
  priced: { priced?: Priced };
}

/**
 * Puts the cost into a whole answer and its headers, if the caller asks for it. An answer is priced once: an estimate that is made again may differ.
 * Nothing is said of what is free, or is settled later by its ledger.
 */
export function showCost<Body extends Uint8Array<ArrayBuffer> | string>(
  answer: RunningAnswer,
  body: Body,
  headers: Headers,
  errorCode: string | null,
): ShownAnswer<Body> {
  const metered = meteredOf(answer);
  const { isFree, cost } = answer.plan;
  if (!cost.isShown || isFree || isInBackground(metered, answer.meter)) return { body, priced: {} };
  const priced = pricedOf(metered, errorCode === null);
  if (priced.charge === null) return { body, priced: { priced } };
  const usdText = usdTextOfNano(costOfCharge(priced.charge));
  headers.set('x-relay-cost-usd', usdText);
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const isJson = text.trimStart().startsWith('{');
  const shown = isJson ? withCost(answer.call.endpoint.format.api, text, usdText) : body;
  return { body: shown, priced: { priced } };
}

/** Returns a stream that was made of a whole answer, with the cost in the event that has the usage. The meter has seen all. */
export function streamWithCost(answer: RunningAnswer, text: string): string {
  return hasCost(answer) ? new CostEdit(answer, null).ofWhole(text) : text;
}

function meteredOf({ call, plan, sent, meter, reservation }: RunningAnswer): MeteredRequest {
  return { call, plan, sending: sent.sending, meter, reservedNanoUsd: reservation.reservedNanoUsd };
}

const encoder = new TextEncoder();
const nothing = new Uint8Array();

/**
 * An edit that meters the answer event by event, so that the cost at an event is what it has cost up to there. `inner`: what else changes the stream (a
 * translation, or the removal of usage).
 */
export class CostEdit implements Edit {
  readonly metersItself = true;
  /** Why the stream ends after the last event, or null. */
  ending: RelayError | null = null;
  private readonly answer: RunningAnswer;
  private readonly inner: Edit | null;
  private readonly detector = new FramingDetector();
  private held: Uint8Array[] = [];
  /** Cuts the upstream's stream. Undefined: its shape is not known yet; null: it is no stream of events. */
  private cutter: Cutter | null | undefined;
  /** Cuts what `inner` writes. */
  private readonly outer: Cutter;

  constructor(answer: RunningAnswer, inner: Edit | null) {
    this.answer = answer;
    this.inner = inner;
    const isArray = answer.sent.translation !== null && callerFraming(answer.call) === 'json-array';
    this.outer = cutterOf(isArray ? 'array' : 'sse');
  }

  push(bytes: Uint8Array): Uint8Array {
    if (this.cutter !== undefined) return this.passed(bytes);
    this.held.push(bytes.slice());
    const shape = this.detector.push(bytes);
    return shape === null ? nothing : this.begin(shape);
  }

  end(): Uint8Array {
    const first = this.cutter === undefined ? this.begin(this.detector.end()) : nothing;
    const last = this.cutter ? this.written(this.cutter.end()) : nothing;
    this.answer.meter.end();
    if (this.inner === null) return joinedBytes([first, last]);
    return joinedBytes([first, last, this.outside(this.inner.end()), this.shown(this.outer.end())]);
  }

  /** The relay ends the stream, or it broke: half an event is dropped. */
  rest(): Uint8Array {
    this.answer.meter.end();
    return nothing;
  }

  /** Edits what is written already, and metered. */
  ofWhole(text: string): string {
    const pieces = [...this.outer.push(encoder.encode(text)), ...this.outer.end()];
    return new TextDecoder().decode(this.shown(pieces));
  }

  private begin(shape: ReturnType<FramingDetector['end']>): Uint8Array {
    const isNativeArray = shape === 'array' && this.answer.sent.translation === null;
    this.cutter = shape === 'sse' || isNativeArray ? cutterOf(shape === 'sse' ? 'sse' : 'array') : null;
    return this.passed(joinedBytes(this.held.splice(0)));
  }

  private passed(bytes: Uint8Array): Uint8Array {
    if (this.cutter) return this.written(this.cutter.push(bytes));
    this.answer.meter.push(bytes);
    return this.inner === null ? bytes : this.outside(this.inner.push(bytes));
  }

  private written(pieces: readonly Piece[]): Uint8Array {
    const out: Uint8Array[] = [];
    for (const piece of pieces) {
      if (this.ending !== null) break;
      const bytes = encoder.encode(piece.raw);
      this.answer.meter.push(bytes);
      out.push(this.inner === null ? this.shown([piece]) : this.outside(this.inner.push(bytes)));
      if (piece.data !== null) this.ending = this.atCeiling();
    }
    return joinedBytes(out);
  }

  /** A finished answer costs no more, so its last events pass. */
  private atCeiling(): RelayError | null {
    const { plan, meter } = this.answer;
    const { ceilingNanoUsd } = plan.cost;
    if (ceilingNanoUsd === null || meter.complete || meter.hasFinishReason) return null;
    return runningCost(meteredOf(this.answer), 'passed') < ceilingNanoUsd
      ? null
      : ceilingReached(ceilingNanoUsd);
  }

  private outside(bytes: Uint8Array): Uint8Array {
    return this.answer.plan.cost.isShown ? this.shown(this.outer.push(bytes)) : bytes;
  }

  private shown(pieces: readonly Piece[]): Uint8Array {
    const { api } = this.answer.call.endpoint.format;
    const written = pieces.map(({ raw, data }) => {
      if (!data?.includes('"usage')) return raw;
      const usdText = this.costSoFar(api);
      return usdText === null ? raw : withData(raw, data, withCost(api, data, usdText));
    });
    return encoder.encode(written.join(''));
  }

  /** Null while the upstream has given no final figure: every event of Gemini's has one so far. */
  private costSoFar(api: ApiFormat): string | null {
    const { meter, plan } = this.answer;
    if (!plan.cost.isShown || plan.isFree || meter.usage() === null) return null;
    if (api === 'gemini' && !meter.hasFinishReason && !meter.complete) return null;
    const { used, charge } = pricedOf(meteredOf(this.answer), true);
    return used.source === 'upstream' && charge !== null ? usdTextOfNano(costOfCharge(charge)) : null;
  }
}
