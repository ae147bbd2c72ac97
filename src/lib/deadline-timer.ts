// Deadlines of one request on one timer: a timer costs microseconds to set and to clear, and a request has
// several deadlines that hardly ever come. Exact to a second.

/** How often the clock looks what is due. */
const tickMs = 1_000;

interface Due {
  atMs: number;
  ring: () => void;
}

export class DeadlineTimer {
  private readonly due = new Set<Due>();
  private readonly timer = setInterval(() => this.tick(), tickMs);

  /** Calls `ring` once, `ms` from now or up to a second later; answers how to call it off. */
  after(ms: number, ring: () => void): () => void {
    const due = { atMs: Date.now() + ms, ring };
    this.due.add(due);
    return () => this.due.delete(due);
  }

  /** The promise's outcome if it comes within `ms`; else rejects with what `late` makes. */
  within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const callOff = this.after(ms, () => reject(late()));
      promise.then(resolve, reject).finally(callOff);
    });
  }

  stop(): void {
    clearInterval(this.timer);
    this.due.clear();
  }

  private tick(): void {
    const now = Date.now();
    for (const due of this.due) {
      if (due.atMs > now) continue;
      this.due.delete(due);
      due.ring();
    }
  }
}
