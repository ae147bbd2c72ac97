// Bounds how much an isolate holds of uploads whose `model` it has not found yet: one bound for all of them, because
// an isolate's 128 MB are shared.
import { RelayError } from '../../lib/relay-error.ts';

/** One upload's share. */
interface UploadLease {
  /** Throws RelayError `service_unavailable` when the isolate holds too much already. */
  grow(bytes: number): void;
  end(): void;
}

export class UploadMemory {
  private total = 0;
  private readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  lease(): UploadLease {
    let share = 0;
    return {
      grow: (bytes) => {
        if (this.total + bytes > this.limit) throw busy();
        share += bytes;
        this.total += bytes;
      },
      end: () => {
        this.total -= share;
        share = 0;
      },
    };
  }
}

function busy(): RelayError {
  const message = 'Too many large uploads at the moment. Try again shortly, or put `model` before the file.';
  return new RelayError('service_unavailable', message, { retryAfterMs: 2_000 });
}
