// The responses and transcripts of a session, from their reservations to their charges: which of what was reserved a
// response of the upstream is, and what happens to those that were still open at the end.
import { countAt, objectAt, textAt } from '../../formats/json-reader.ts';
import type { JsonObject } from '../../formats/observation.ts';
import { emptyUsage, type Usage } from '../../formats/usage.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { type TurnMeasure, usageSoFar } from '../bound.ts';
import type { SessionTurns } from '../dialect.ts';
import { clientLeftStatus, type Pricing, type SessionMoney, type Turn } from '../money.ts';
import { realtimeBounds, responseMeasure, transcribed, transcriptMeasure } from './bound.ts';
import type { Conversation } from './conversation.ts';
import type { BulkKind } from './events.ts';
import { usageOfResponse, usageOfTranscription } from './usage.ts';

/** What turns need of their session. */
export interface TurnsContext {
  conversation: Conversation;
  money: SessionMoney;
  /** Of the model that answers now. */
  pricing(): Pricing;
  /** Of the model that writes down. */
  transcriptPricing(): Pricing;
  /** A running response may cost no more: it is to be cancelled, and the client told. */
  refuse(responseId: string, error: RelayError): void;
}

export class Turns implements SessionTurns {
  /** Asked for by the client; the upstream has not begun them. */
  private readonly asked: Turn[] = [];
  /** By the upstream's response id. */
  private readonly running = new Map<string, Turn>();
  /** Reserved for what the upstream will begin by itself. */
  private standing: { response: Turn | null; transcript: Turn | null } = { response: null, transcript: null };
  private lastRunning: Turn | null = null;
  private readonly context: TurnsContext;

  constructor(context: TurnsContext) {
    this.context = context;
  }

  /** The client asks for a response. Throws RelayError: it may not have one. */
  async ask(event: JsonObject): Promise<void> {
    const turn = await this.reserveResponse(objectAt(event, 'response'), true);
    turn.eventId = textAt(event, 'event_id') ?? null;
    this.asked.push(turn);
  }

  /** Audio is heard, of which the upstream may make a response or a transcript by itself: is all of that reserved? */
  get isReservedForAudio(): boolean {
    const { answersBySelf, transcriptionModel } = this.context.conversation;
    const idle = this.running.size === 0 && this.asked.length === 0;
    if (answersBySelf && idle && this.standing.response === null) return false;
    return transcriptionModel === null || this.standing.transcript !== null;
  }

  /** Reserves it. Throws RelayError. */
  async reserveForAudio(): Promise<void> {
    const { conversation, money } = this.context;
    if (conversation.answersBySelf && this.standing.response === null && this.running.size === 0)
      this.standing.response = await this.reserveResponse(undefined, false);
    if (conversation.transcriptionModel === null || this.standing.transcript !== null) return;
    const pricing = this.context.transcriptPricing();
    this.standing.transcript = await money.reserve(pricing, transcriptMeasure(pricing.rates), false);
  }

  /** `response.created`. What nobody reserved is reserved now, or cancelled. */
  async begun(event: JsonObject): Promise<void> {
    const id = textAt(objectAt(event, 'response'), 'id') ?? '';
    const held = this.asked.shift() ?? this.standing.response;
    if (held === this.standing.response) this.standing.response = null;
    const turn = held ?? this.unreserved();
    turn.hasBegun = true;
    this.running.set(id, turn);
    this.lastRunning = turn;
    if (held !== null) return;
    const error = await this.context.money.renew(turn, turn.measure?.typicalInput ?? emptyUsage());
    if (error !== null) this.cancel(id, turn, error);
  }

  /** A piece of a response. */
  said(kind: BulkKind, characters: number, responseId: string | null): void {
    const turn = (responseId === null ? null : this.running.get(responseId)) ?? this.lastRunning;
    if (turn === null) return;
    turn.firstSaidAtMs ??= Date.now();
    if (kind === 'said-audio') turn.audioCharacters += characters;
    else turn.characters += characters;
  }

  /** `response.done`: charged by the upstream's figure, or by what passed where it has none. */
  done(event: JsonObject): void {
    const response = objectAt(event, 'response');
    const id = textAt(response, 'id') ?? textAt(event, 'response_id') ?? '';
    const turn = this.running.get(id) ?? this.asked.shift() ?? this.unreserved();
    this.running.delete(id);
    if (this.lastRunning === turn) this.lastRunning = null;
    const told = usageOfResponse(event);
    if (told !== null) this.context.conversation.counted(told);
    const passed = turn.characters + turn.audioCharacters > 0 ? this.soFar(turn) : null;
    const usage = told ?? passed;
    const source = usage === null ? null : told === null ? 'estimated' : 'upstream';
    const isFailed = textAt(response, 'status') === 'failed';
    const errorCode = turn.isCancelled ? 'insufficient_quota' : isFailed ? failureOf(response) : null;
    this.context.money.settle(turn, { usage, source, status: isFailed ? 502 : 200, errorCode });
  }

  /** The upstream has written down a turn of the speaker. */
  transcript(event: JsonObject): void {
    const pricing = this.context.transcriptPricing();
    const turn = this.standing.transcript ?? this.context.money.newTurn(pricing, null, true);
    this.standing.transcript = null;
    const told = usageOfTranscription(event);
    const usage = told && transcribed(told, turn.pricing.rates);
    const source = usage === null ? null : 'upstream';
    this.context.money.settle(turn, { usage, source, status: 200, errorCode: null });
  }

  /** The upstream's `error`: a response that it refuses to begin gives back what it held. */
  refused(event: JsonObject): void {
    const error = objectAt(event, 'error');
    const eventId = textAt(error, 'event_id');
    const isAboutResponse = error?.code === 'conversation_already_has_active_response';
    const index = this.asked.findLastIndex(
      (turn) => (eventId !== undefined && turn.eventId === eventId) || isAboutResponse,
    );
    if (index >= 0) this.context.money.release(this.asked.splice(index, 1));
  }

  async renew(): Promise<void> {
    const { response, transcript } = this.standing;
    const idle = [...this.asked, response, transcript].filter((turn) => turn !== null);
    await Promise.all([
      ...idle.map((turn) => this.context.money.renew(turn, turn.hasBegun ? this.soFar(turn) : emptyUsage())),
      ...[...this.running].map(async ([id, turn]) => {
        const error = await this.context.money.renew(turn, this.soFar(turn));
        if (error !== null && this.running.has(id)) this.cancel(id, turn, error);
      }),
    ]);
  }

  async moved(): Promise<void> {
    const { response, transcript } = this.standing;
    const pricing = this.context.pricing();
    for (const turn of [...this.asked, response]) {
      if (turn === null) continue;
      const error = await this.context.money.remeasure(turn, pricing, turn.measure);
      if (error !== null) throw error;
    }
    if (transcript !== null) transcript.pricing = this.context.transcriptPricing();
  }

  get isEmpty(): boolean {
    const { response, transcript } = this.standing;
    return this.asked.length + this.running.size === 0 && response === null && transcript === null;
  }

  /**
   * The session is over. What runs is charged by what passed; what was asked for costs its input if the client left it
   * (the upstream had it), nothing if the upstream never answered; what never began is given back.
   */
  end(by: 'client' | 'upstream' | 'relay', errorCode: string): void {
    const { money } = this.context;
    const left = by === 'client' ? this.asked.splice(0) : [];
    for (const turn of [...this.running.values(), ...left]) {
      const status = by === 'client' ? clientLeftStatus : 502;
      money.settle(turn, { usage: this.soFar(turn), source: 'estimated', status, errorCode });
    }
    const { response, transcript } = this.standing;
    money.release([...this.asked.splice(0), response, transcript].filter((turn) => turn !== null));
    this.running.clear();
    this.standing = { response: null, transcript: null };
  }

  private cancel(id: string, turn: Turn, error: RelayError): void {
    if (turn.isCancelled || error.code !== 'insufficient_quota') return;
    turn.isCancelled = true;
    this.context.refuse(id, error);
  }

  private reserveResponse(response: JsonObject | undefined, hasBegun: boolean): Promise<Turn> {
    return this.context.money.reserve(this.context.pricing(), this.measureOf(response), hasBegun);
  }

  /** Holds nothing yet. */
  private unreserved(): Turn {
    const turn = this.context.money.newTurn(this.context.pricing(), this.measureOf(undefined), true);
    turn.reservedNanoUsd = 0;
    return turn;
  }

  private measureOf(response: JsonObject | undefined): TurnMeasure {
    const most = countAt(response, 'max_output_tokens') ?? countAt(response, 'max_response_output_tokens');
    return responseMeasure(this.context.conversation, most ?? null);
  }

  private soFar(turn: Turn): Usage {
    const input = turn.measure?.typicalInput ?? emptyUsage();
    const bytesPerSecond = this.context.conversation.outputBytesPerSecond;
    return usageSoFar(input, turn, { bytesPerSecond, tokensPerSecond: realtimeBounds.saidTokensPerSecond });
  }
}

function failureOf(response: JsonObject | undefined): string {
  const error = objectAt(objectAt(response, 'status_details'), 'error');
  return textAt(error, 'code') ?? textAt(error, 'type') ?? 'response_failed';
}
