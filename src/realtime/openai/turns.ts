// The responses and transcripts of a session, from their reservations to their charges: which of what was reserved a
// response of the upstream is, and what happens to those that were still open at the end.

import { clientLeftStatus } from '../../admission/refusal-error.ts';
import { objectAt, textAt } from '../../formats/json-reader.ts';
import { emptyUsage, type Usage } from '../../formats/usage.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { RelayError } from '../../lib/relay-error.ts';
import { type TurnMeasure, usageSoFar } from '../bound.ts';
import type { SessionTurns } from '../dialect.ts';
import type { Pricing, SessionMoney, Turn } from '../money.ts';
import { isApart, realtimeBounds, responseMeasure, transcribed, transcriptMeasure } from './bound.ts';
import type { Conversation } from './conversation.ts';
import type { BulkKind } from './events.ts';
import { usageOfResponse, usageOfTranscription } from './usage.ts';

/** What turns need from their session. */
interface TurnsContext {
  conversation: Conversation;
  money: SessionMoney;
  /** Returns the pricing of the model that answers now, and of the one that will when the upstream has read the client's last frame. */
  pricing(): Pricing;
  comingPricing(): Pricing;
  /** The same for the transcription model. */
  transcriptPricing(): Pricing;
  comingTranscriptPricing(): Pricing;
  /** Cancels a running response that may cost no more, and notifies the client. */
  refuse(responseId: string, error: RelayError): void;
}

/** Ends of responses that are remembered. */
const rememberedEnds = 32;

export class Turns implements SessionTurns {
  /** Requested by the client; the upstream has not begun them. */
  private readonly requested: Turn[] = [];
  /** By the upstream's response id. */
  private readonly running = new Map<string, Turn>();
  /** Reserved for what the upstream will begin without a request. */
  private standing: { response: Turn | null; transcript: Turn | null } = { response: null, transcript: null };
  private lastRunning: Turn | null = null;
  /** The ids of those that ended last: an end that is reported twice is charged once. */
  private readonly ended: string[] = [];
  /** Turns outside the conversation, whose figures do not count for it. */
  private readonly apart = new WeakSet<Turn>();
  /** The upstream has refused one of the requests since, and did not say which. */
  private readonly doubtful = new WeakSet<Turn>();
  private readonly context: TurnsContext;

  constructor(context: TurnsContext) {
    this.context = context;
  }

  /** The client requests a response. Throws RelayError if it may not have one. */
  async request(event: JsonObject): Promise<void> {
    const response = objectAt(event, 'response');
    const turn = await this.reserveResponse(response, true);
    turn.eventId = textAt(event, 'event_id') ?? null;
    if (isApart(response ?? {})) this.apart.add(turn);
    this.requested.push(turn);
  }

  /** Whether everything is reserved that the upstream may make of incoming audio: a response and a transcript. */
  get isReservedForAudio(): boolean {
    const { respondsToSpeech, transcribes } = this.context.conversation;
    const idle = this.running.size === 0 && this.requested.length === 0;
    if (respondsToSpeech && idle && this.standing.response === null) return false;
    return !transcribes || this.standing.transcript !== null;
  }

  /** Reserves for incoming audio. Throws RelayError. */
  async reserveForAudio(): Promise<void> {
    const { conversation, money } = this.context;
    if (conversation.respondsToSpeech && this.standing.response === null && this.running.size === 0)
      this.standing.response = await this.reserveResponse(undefined, false);
    if (!conversation.transcribes || this.standing.transcript !== null) return;
    const pricing = this.context.comingTranscriptPricing();
    this.standing.transcript = await money.reserve(pricing, transcriptMeasure(pricing.rates), false);
  }

  /** The upstream's settings changed: releases what it will no longer begin without a request. */
  changed(): void {
    const { respondsToSpeech, transcribes } = this.context.conversation;
    const { response, transcript } = this.standing;
    const idle = [
      respondsToSpeech ? null : response,
      transcribes || transcript?.hasBegun ? null : transcript,
    ].filter((turn) => turn !== null);
    if (response !== null && idle.includes(response)) this.standing.response = null;
    if (transcript !== null && idle.includes(transcript)) this.standing.transcript = null;
    this.context.money.release(idle);
  }

  /** `response.created`. What is not reserved, or not at the price of the model that answers, is reserved now or cancelled. */
  async begun(event: JsonObject): Promise<void> {
    const id = textAt(objectAt(event, 'response'), 'id') ?? '';
    const held = this.requested.shift() ?? this.standing.response;
    if (held === this.standing.response) this.standing.response = null;
    const turn = held ?? this.unreserved();
    turn.hasBegun = true;
    this.running.set(id, turn);
    this.lastRunning = turn;
    const error = held === null ? await this.reserveLate(turn) : await this.reprice(turn);
    if (error !== null) this.cancel(id, turn, error);
  }

  private reserveLate(turn: Turn): Promise<RelayError | null> {
    return this.context.money.renew(turn, turn.measure?.typicalInput ?? emptyUsage());
  }

  /** The session may have changed to another model since the turn was requested. */
  private async reprice(turn: Turn): Promise<RelayError | null> {
    const pricing = this.context.pricing();
    if (isSameModel(pricing, turn.pricing)) return null;
    return this.context.money.remeasure(turn, pricing, turn.measure);
  }

  /** A piece of a response. */
  received(kind: BulkKind, characters: number, responseId: string | null): void {
    const turn = (responseId === null ? null : this.running.get(responseId)) ?? this.lastRunning;
    if (turn === null) return;
    turn.firstOutputAtMs ??= Date.now();
    if (kind === 'output-audio') turn.audioCharacters += characters;
    else turn.characters += characters;
  }

  /** `response.done`: charges by the upstream's figure, or by what passed if it gives none. */
  done(event: JsonObject): void {
    const response = objectAt(event, 'response');
    const id = textAt(response, 'id') ?? textAt(event, 'response_id') ?? '';
    if (id !== '' && this.ended.includes(id)) return;
    this.ended.splice(0, this.ended.length - rememberedEnds + 1);
    this.ended.push(id);
    const turn = this.running.get(id) ?? this.requested.shift() ?? this.unreserved();
    this.running.delete(id);
    if (this.lastRunning === turn) this.lastRunning = null;
    const reported = usageOfResponse(event);
    if (reported !== null && !this.apart.has(turn)) this.context.conversation.counted(reported);
    const status = textAt(response, 'status');
    const isWhole = status === 'completed' || status === 'incomplete';
    const passed = isWhole || turn.characters + turn.audioCharacters > 0 ? this.soFar(turn) : null;
    const usage = reported ?? passed;
    const source = usage === null ? null : reported === null ? 'estimated' : 'upstream';
    const isFailed = status === 'failed';
    const errorCode = turn.isCancelled ? 'insufficient_quota' : isFailed ? failureOf(response) : null;
    const errorText = textAt(objectAt(objectAt(response, 'status_details'), 'error'), 'message') ?? null;
    this.context.money.settle(turn, { usage, source, status: isFailed ? 502 : 200, errorCode, errorText });
  }

  /** A piece of a transcript: the upstream is at work on it. */
  writing(characters: number): void {
    const turn = this.standing.transcript;
    if (turn === null) return;
    turn.hasBegun = true;
    turn.firstOutputAtMs ??= Date.now();
    turn.characters += characters;
  }

  /** The upstream has written down a turn of the speaker: charged by its figure, or by how long that was. */
  transcript(event: JsonObject): void {
    const pricing = this.context.transcriptPricing();
    const turn = this.standing.transcript ?? this.context.money.unreservedTurn(pricing, null, true);
    this.standing.transcript = null;
    turn.pricing = pricing;
    const { conversation } = this.context;
    const reported = usageOfTranscription(event);
    // A transcript without a request is not charged.
    const usage = reported && transcribed(reported, pricing.rates);
    const estimate = conversation.transcribes ? this.written(turn) : null;
    conversation.transcribed();
    const source = reported !== null ? 'upstream' : estimate === null ? null : 'estimated';
    this.context.money.settle(turn, { usage: usage ?? estimate, source, status: 200, errorCode: null });
  }

  /** Returns the usage of transcribing the sound since the last transcript. */
  private written({ pricing: { rates } }: Turn): Usage {
    return transcribed({ audioMilliseconds: this.context.conversation.untranscribedMs }, rates);
  }

  /** The upstream's `error`: a response that it refuses to begin gives back what it held. */
  refused(event: JsonObject): void {
    const error = objectAt(event, 'error');
    const eventId = textAt(error, 'event_id');
    const isOfResponse =
      error?.code === 'conversation_already_has_active_response' ||
      /^response\b/.test(textAt(error, 'param') ?? '');
    const index = this.requested.findLastIndex(
      (turn) =>
        (eventId !== undefined && turn.eventId === eventId) || (eventId === undefined && isOfResponse),
    );
    if (index >= 0) this.context.money.release(this.requested.splice(index, 1));
    else if (eventId === undefined) for (const turn of this.requested) this.doubtful.add(turn);
  }

  async renew(): Promise<void> {
    const { response, transcript } = this.standing;
    const idle = [...this.requested, response, transcript].filter((turn) => turn !== null);
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
    for (const turn of [...this.requested, response]) {
      if (turn === null) continue;
      const error = await this.context.money.remeasure(turn, pricing, turn.measure);
      if (error !== null) throw error;
    }
    if (transcript !== null) transcript.pricing = this.context.transcriptPricing();
  }

  get isEmpty(): boolean {
    const { response, transcript } = this.standing;
    return this.requested.length + this.running.size === 0 && response === null && transcript === null;
  }

  /**
   * The session is over. What runs is charged by what passed; what was asked for costs its input if the client left it
   * (the upstream had it), nothing if the upstream never answered, or may have refused it; what never began is given back.
   */
  end(by: 'client' | 'upstream' | 'relay', errorCode: string): void {
    const { money } = this.context;
    const status = by === 'client' ? clientLeftStatus : 502;
    const asked = this.requested.splice(0);
    const left = by === 'client' ? asked.filter((turn) => !this.doubtful.has(turn)) : [];
    for (const turn of [...this.running.values(), ...left])
      money.settle(turn, { usage: this.soFar(turn), source: 'estimated', status, errorCode });
    const { response, transcript } = this.standing;
    if (transcript?.hasBegun) {
      const usage = this.written(transcript);
      money.settle(transcript, { usage, source: 'estimated', status, errorCode });
    }
    const given = [...asked, response, transcript].filter((turn) => turn !== null);
    money.release(given.filter((turn) => !left.includes(turn) && (turn !== transcript || !turn.hasBegun)));
    this.running.clear();
    this.standing = { response: null, transcript: null };
  }

  private cancel(id: string, turn: Turn, error: RelayError): void {
    if (turn.isCancelled || error.code !== 'insufficient_quota') return;
    turn.isCancelled = true;
    this.context.refuse(id, error);
  }

  private reserveResponse(response: JsonObject | undefined, hasBegun: boolean): Promise<Turn> {
    return this.context.money.reserve(this.context.comingPricing(), this.measureOf(response), hasBegun);
  }

  /** Holds nothing yet. */
  private unreserved(): Turn {
    return this.context.money.unreservedTurn(this.context.pricing(), this.measureOf(undefined), true);
  }

  private measureOf(response: JsonObject | undefined): TurnMeasure {
    return responseMeasure(this.context.conversation, response);
  }

  private soFar(turn: Turn): Usage {
    const input = turn.measure?.typicalInput ?? emptyUsage();
    const bytesPerSecond = this.context.conversation.outputBytesPerSecond;
    return usageSoFar(input, turn, { bytesPerSecond, tokensPerSecond: realtimeBounds.outputTokensPerSecond });
  }
}

function isSameModel(one: Pricing, other: Pricing): boolean {
  return one.channel.id === other.channel.id && one.named === other.named && one.model === other.model;
}

function failureOf(response: JsonObject | undefined): string {
  const error = objectAt(objectAt(response, 'status_details'), 'error');
  return textAt(error, 'code') ?? textAt(error, 'type') ?? 'response_failed';
}
