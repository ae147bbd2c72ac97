// The turns of a Live session, from their reservations to their charges. Turns have no ids: the upstream works on one turn at a time, sends
// `turnComplete` at its end (also of an interrupted one), and its usage with that or before.

import { clientLeftStatus } from '../../admission/refusal-error.ts';
import { emptyUsage, type Usage } from '../../formats/usage.ts';
import { usageSoFar } from '../bound.ts';
import type { SessionTurns } from '../dialect.ts';
import { realtimeLimits } from '../limits.ts';
import type { Pricing, SessionMoney, Turn, TurnEnding } from '../money.ts';
import { type LiveConversation, outputRate } from './conversation.ts';

/** What turns need from their session. */
interface LiveTurnsContext {
  conversation: LiveConversation;
  money: SessionMoney;
  /** Returns the pricing of the model that answers now. */
  pricing(): Pricing;
  /** Ends the session when a running turn may cost no more: the API has no event for that. */
  fail(thrown: unknown): void;
  background(work: Promise<unknown>): void;
}

export class LiveTurns implements SessionTurns {
  /** Requested by the client; the upstream has not begun them. */
  private requested: Turn[] = [];
  /** Reserved for incoming sound: the upstream responds when the speaker pauses. */
  private standing: Turn | null = null;
  private running: Turn | null = null;
  private complete: { turn: Turn; atMs: number } | null = null;
  private searches = { web: 0, map: 0 };
  private outputMimeType = '';
  private waiters: (() => void)[] = [];
  private readonly context: LiveTurnsContext;

  constructor(context: LiveTurnsContext) {
    this.context = context;
  }

  /** The client sends a turn. Throws RelayError if it may not have one, after the running turn was charged. */
  async request(): Promise<void> {
    this.requested.push(await this.reserve(true));
  }

  /** Whether everything is reserved that the upstream may make of incoming sound. */
  get isReservedForAudio(): boolean {
    const isHeld = this.running !== null || this.standing !== null || this.requested.length > 0;
    return isHeld || !this.context.conversation.respondsToSpeech;
  }

  /** Reserves for incoming sound. Throws RelayError as `request` does. */
  async reserveForAudio(): Promise<void> {
    this.standing ??= await this.reserve(false);
  }

  /** The client returned the result of a tool call: the turn that made the call continues, unless it is over. Throws RelayError. */
  async answered(): Promise<void> {
    const turn = this.running;
    if (turn === null) return this.request();
    const { money, conversation } = this.context;
    money.measure(turn, conversation.measure());
    const error = await money.renew(turn, this.soFar(turn));
    if (error !== null) throw error;
  }

  /** A piece of the model's output, or only a sign that it works. */
  received(characters: number, audio: { characters: number; mimeType: string } | null): void {
    const turn = this.running ?? this.begin();
    turn.firstOutputAtMs ??= Date.now();
    turn.characters += characters;
    if (audio === null) return;
    turn.audioCharacters += audio.characters;
    this.outputMimeType = audio.mimeType;
  }

  /** Records the running turn's searches so far. */
  searched({ web, map }: { web: number; map: number }): void {
    this.searches = { web: Math.max(web, this.searches.web), map: Math.max(map, this.searches.map) };
  }

  /** Charges by the upstream's figure: the running turn, else the one that has just ended, else the next requested one. */
  counted(usage: Usage): void {
    const turn = this.running ?? this.complete?.turn ?? this.taken() ?? this.unreserved();
    if (this.running === null) this.complete = null;
    Object.assign(usage, { webSearches: this.searches.web, mapSearches: this.searches.map });
    this.context.conversation.counted(usage);
    this.settle(turn, { usage, source: 'upstream', status: 200, errorCode: null });
    this.setRunning(null);
  }

  /** `turnComplete`. Its figure has come, or comes at once. */
  completed(): void {
    if (this.running === null) return;
    this.settleComplete();
    this.complete = { turn: this.running, atMs: Date.now() };
    this.setRunning(null);
  }

  async moved(): Promise<void> {
    const { money } = this.context;
    for (const turn of [...this.requested, this.standing]) {
      if (turn === null) continue;
      const error = await money.remeasure(turn, this.context.pricing(), turn.measure);
      if (error !== null) throw error;
    }
  }

  async renew(): Promise<void> {
    const { money } = this.context;
    if (this.complete !== null && Date.now() - this.complete.atMs >= realtimeLimits.figureWaitMs)
      this.settleComplete();
    const idle = [...this.requested, this.standing].filter((turn) => turn !== null);
    await Promise.all([
      ...idle.map((turn) => money.renew(turn, emptyUsage())),
      ...(this.running === null ? [] : [this.renewRunning(this.running)]),
    ]);
  }

  get isEmpty(): boolean {
    const { requested, standing, running, complete } = this;
    return requested.length === 0 && standing === null && running === null && complete === null;
  }

  /**
   * What runs is charged by what passed; what was given costs its input if the client left it (the upstream had it),
   * nothing if the upstream never answered; audio that was only received is not charged.
   */
  end(by: 'client' | 'upstream' | 'relay', errorCode: string): void {
    this.settleComplete();
    const left = by === 'client' ? this.requested.splice(0) : [];
    const status = by === 'client' ? clientLeftStatus : 502;
    for (const turn of [this.running, ...left])
      if (turn !== null) this.settleByWhatPassed(turn, { status, errorCode });
    this.context.money.release([...this.requested.splice(0), this.standing].filter((turn) => turn !== null));
    this.standing = null;
    this.setRunning(null);
  }

  /** One turn answers all that was requested so far; what was held for the others is released. */
  private begin(): Turn {
    this.settleComplete();
    this.searches = { web: 0, map: 0 };
    const held = this.taken();
    const turn = held ?? this.unreserved();
    turn.hasBegun = true;
    this.running = turn;
    if (held === null) this.context.background(this.renewRunning(turn));
    return turn;
  }

  /** Takes the largest reservation of the turns that have not begun, or null if there is none. */
  private taken(): Turn | null {
    const held = [...this.requested.splice(0), this.standing].filter((turn) => turn !== null);
    this.standing = null;
    const [first = null, ...rest] = held.sort(
      (one, other) => other.reservation.reservedNanoUsd - one.reservation.reservedNanoUsd,
    );
    this.context.money.release(rest);
    return first;
  }

  /** A refusal waits until what runs has come to its end: the session ends with it. */
  private async reserve(hasBegun: boolean): Promise<Turn> {
    const { money, conversation } = this.context;
    try {
      return await money.reserve(this.context.pricing(), conversation.measure(), hasBegun);
    } catch (error) {
      if (this.running !== null) await this.lastTurn();
      throw error;
    }
  }

  private lastTurn(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, realtimeLimits.lastTurnMs);
    this.waiters.push(() => {
      clearTimeout(timer);
      resolve();
    });
    return promise;
  }

  /** Holds nothing yet. */
  private unreserved(): Turn {
    return this.context.money.unreservedTurn(
      this.context.pricing(),
      this.context.conversation.measure(),
      true,
    );
  }

  private async renewRunning(turn: Turn): Promise<void> {
    const error = await this.context.money.renew(turn, this.soFar(turn));
    if (error?.code !== 'insufficient_quota' || turn !== this.running) return;
    turn.isCancelled = true;
    this.context.fail(error);
  }

  private settleComplete(): void {
    if (this.complete === null) return;
    this.settleByWhatPassed(this.complete.turn, { status: 200, errorCode: null });
    this.complete = null;
  }

  private settleByWhatPassed(turn: Turn, ending: Pick<TurnEnding, 'status' | 'errorCode'>): void {
    this.settle(turn, { usage: this.soFar(turn), source: 'estimated', ...ending });
  }

  private settle(turn: Turn, ending: TurnEnding): void {
    this.context.money.settle(turn, ending);
  }

  private soFar(turn: Turn): Usage {
    const usage = usageSoFar(
      turn.measure?.typicalInput ?? emptyUsage(),
      turn,
      outputRate(this.outputMimeType),
    );
    return { ...usage, webSearches: this.searches.web, mapSearches: this.searches.map };
  }

  private setRunning(turn: Turn | null): void {
    this.running = turn;
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}
