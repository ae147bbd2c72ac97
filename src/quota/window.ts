// A sliding minute: how much was admitted in the last 60 seconds, to the exact second.

/** The length of the window of rpm and tpm. */
const windowMs = 60_000;

const slotMs = 1_000;

/** One second's count: `[second since 1970, amount]`. Windows are stored in this form. */
export type WindowSlots = [second: number, amount: number][];

/** A sliding window over a minute in one-second slots: at most 61 of them, whatever the traffic. */
export class SlidingWindow {
  private slots: WindowSlots;

  constructor(slots: WindowSlots = []) {
    this.slots = slots;
  }

  /** Returns what was counted in the minute before `nowMs`. */
  total(nowMs: number): number {
    this.slide(nowMs);
    return this.slots.reduce((sum, [, amount]) => sum + amount, 0);
  }

  /** Counts an amount. */
  add(nowMs: number, amount: number): void {
    const second = Math.floor(nowMs / slotMs);
    const last = this.slots.at(-1);
    if (last !== undefined && last[0] >= second) last[1] += amount;
    else this.slots.push([second, amount]);
  }

  /** Subtracts from what was counted at `atMs`, if that is still inside the window: it was an estimate. */
  takeBack(atMs: number, amount: number): void {
    const slot = this.slots.find(([second]) => second === Math.floor(atMs / slotMs));
    if (slot !== undefined) slot[1] = Math.max(0, slot[1] - amount);
  }

  /** Returns the milliseconds until `amount` more fits under `limit`; a whole window if it never does. */
  waitMs(nowMs: number, amount: number, limit: number): number {
    let excess = this.total(nowMs) + amount - limit;
    if (excess <= 0) return 0;
    for (const [second, counted] of this.slots) {
      excess -= counted;
      if (excess <= 0) return Math.max(1, (second + 1) * slotMs + windowMs - nowMs);
    }
    return windowMs;
  }

  /** Returns the slots for storage. */
  snapshot(nowMs: number): WindowSlots {
    this.slide(nowMs);
    return this.slots;
  }

  private slide(nowMs: number): void {
    const oldest = Math.floor((nowMs - windowMs) / slotMs);
    const gone = this.slots.findIndex(([second]) => second >= oldest);
    if (gone > 0) this.slots.splice(0, gone);
    else if (gone < 0) this.slots.length = 0;
  }
}
