// The turns of a Live session, from their reservations to their charges. The upstream numbers nothing: it works at one
// turn at a time, says `turnComplete` at its end (an interrupted one too), and tells what it used with that or before.

import { clientLeftStatus } from '../../admission/refusal-error.ts';
import { emptyUsage, type Usage } from '../../formats/usage.ts';
import { boundAt, usageSoFar } from '../bound.ts';
import type { SessionTurns } from '../dialect.ts';
import { realtimeLimits } from '../limits.ts';
import type { Pricing, SessionMoney, Turn, TurnEnding } from '../money.ts';
import { type LiveConversation, saidRate } from './conversation.ts';

/** What turns need of their session. */
export interface LiveTurnsContext {
  conversation: LiveConversation;
  money: SessionMoney;
  /** Of the model that answers now. */
  pricing(): Pricing;
  /** A running turn may cost no more: the API has no word for that, so that the session ends. */
  fail(thrown: unknown): void;
  background(work: Promise<unknown>): void;
}

export class LiveTurns implements SessionTurns {
  /** Given by the client; the upstream has said nothing yet. */
  private asked: Turn[] = [];
  /** Reserved for the sound that is heard: the upstream answers when the speaker pauses. */
  private standing: Turn | null = null;
  private running: Turn | null = null;
  private complete: { turn: Turn; atMs: number } | null = null;
  private searches = { web: 0, map: 0 };
  private saidMimeType = '';
  private waiters: (() => void)[] = [];
  private readonly context: LiveTurnsContext;

  constructor(context: LiveTurnsContext) {
    this.context = context;
  }

  /** The client gives a turn. Throws RelayError when it may not have one, after what runs is charged. */
  async ask(): Promise<void> {
    this.asked.push(await this.reserve(true));
  }

  /** Sound is heard, which the upstream may answer by itself: is that reserved? */
  get isReservedForAudio(): boolean {
    const isHeld = this.running !== null || this.standing !== null || this.asked.length > 0;
    return isHeld || !this.context.conversation.answersBySelf;
  }

  /** Reserves it. Throws RelayError as `ask` does. */
  async reserveForAudio(): Promise<void> {
    this.standing ??= await this.reserve(false);
  }

  /** The client answers a call of its tools: the turn that called goes on with it, unless it is over. Throws RelayError. */
  async answered(): Promise<void> {
    const turn = this.running;
    if (turn === null) return this.ask();
    const measure = this.context.conversation.measure();
    Object.assign(turn, { measure, bound: boundAt(measure, turn.pricing) });
    const error = await this.context.money.renew(turn, this.soFar(turn));
    if (error !== null) throw error;
  }

  /** A piece of what the model says, or nothing but a sign that it works. */
  said(characters: number, audio: { characters: number; mimeType: string } | null): void {
    const turn = this.running ?? this.begin();
    turn.firstSaidAtMs ??= Date.now();
    turn.characters += characters;
    if (audio === null) return;
    turn.audioCharacters += audio.characters;
    this.saidMimeType = audio.mimeType;
  }

  /** Searches of the running turn, as far as it has said. */
  searched({ web, map }: { web: number; map: number }): void {
    this.searches = { web: Math.max(web, this.searches.web), map: Math.max(map, this.searches.map) };
  }

  /** The upstream's figure: of what runs, else of what has just ended, else of what was asked for and said nothing. */
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
    for (const turn of [...this.asked, this.standing]) {
      if (turn === null) continue;
      const error = await money.remeasure(turn, this.context.pricing(), turn.measure);
      if (error !== null) throw error;
    }
  }

  async renew(): Promise<void> {
    const { money } = this.context;
    if (this.complete !== null && Date.now() - this.complete.atMs >= realtimeLimits.figureWaitMs)
      this.settleComplete();
    const idle = [...this.asked, this.standing].filter((turn) => turn !== null);
    await Promise.all([
      ...idle.map((turn) => money.renew(turn, emptyUsage())),
      ...(this.running === null ? [] : [this.renewRunning(this.running)]),
    ]);
  }

  get isEmpty(): boolean {
    const { asked, standing, running, complete } = this;
    return asked.length === 0 && standing === null && running === null && complete === null;
  }

  /**
   * What runs is charged by what passed; what was given costs its input if the client left it (the upstream had it),
   * nothing if the upstream never answered; what was only heard is given back.
   */
  end(by: 'client' | 'upstream' | 'relay', errorCode: string): void {
    this.settleComplete();
    const left = by === 'client' ? this.asked.splice(0) : [];
    const status = by === 'client' ? clientLeftStatus : 502;
    for (const turn of [this.running, ...left])
      if (turn !== null) this.settleByWhatPassed(turn, { status, errorCode });
    this.context.money.release([...this.asked.splice(0), this.standing].filter((turn) => turn !== null));
    this.standing = null;
    this.setRunning(null);
  }

  /** All that was asked for so far is answered by one turn; what was held for the others is given back. */
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

  /** Of what is held for turns that have not begun, the most; null: nothing is. */
  private taken(): Turn | null {
    const held = [...this.asked.splice(0), this.standing].filter((turn) => turn !== null);
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
    const usage = usageSoFar(turn.measure?.typicalInput ?? emptyUsage(), turn, saidRate(this.saidMimeType));
    return { ...usage, webSearches: this.searches.web, mapSearches: this.searches.map };
  }

  private setRunning(turn: Turn | null): void {
    this.running = turn;
    for (const resolve of this.waiters.splice(0)) resolve();
  }
}
