// The deadlines of one request on one timer. A timer costs microseconds to set and to clear, and a request has
// several deadlines that hardly ever pass. Exact to a second.

/** How often the deadlines are checked. */
const tickMs = 1_000;

interface Due {
  atMs: number;
  ring: () => void;
}

export class DeadlineTimer {
  private readonly due = new Set<Due>();
  private readonly timer = setInterval(() => this.tick(), tickMs);

  /** Calls `ring` once, `ms` from now or up to a second later. Returns a function that cancels it. */
  after(ms: number, ring: () => void): () => void {
    const due = { atMs: Date.now() + ms, ring };
    this.due.add(due);
    return () => this.due.delete(due);
  }

  /** Returns the promise's result if it comes within `ms`, else rejects with the error that `late` makes. */
  within<T>(promise: Promise<T>, ms: number, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const callOff = this.after(ms, () => reject(late()));
      promise.then(
        (value) => {
          callOff();
          resolve(value);
        },
        (error) => {
          callOff();
          reject(error);
        },
      );
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

/** Returns the value if it comes within `ms`, else null. Leaves no timer behind. */
export function withTimer<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    promise.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
