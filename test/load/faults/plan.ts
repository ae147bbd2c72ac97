// The faults of each request of a run, decided beforehand by a seed.
import { seededNumbers } from '../../support/fixtures.ts';
import { type Counts, type FaultKind, kinds } from './kinds.ts';

/** The fault of a request. `at` is a share of the response, in (0, 1). */
type Fault =
  | { what: 'none' }
  | { what: 'slow-head'; ms: number }
  | { what: 'client-leaves'; at: number }
  | { what: 'client-leaves-before-head' }
  | { what: 'reset-before-head' }
  | { what: 'reset'; at: number }
  /** A clean end of the connection in the middle of the response. */
  | { what: 'truncated'; at: number }
  | { what: 'no-usage' }
  | { what: 'status'; status: 429 | 500 | 529 };

/** One request, and the upstream's part in it. */
export interface PlannedRequest {
  index: number;
  kind: FaultKind;
  fault: Fault;
  counts: Counts;
  /** Milliseconds between two pieces of the response; 0 sends all at once. */
  pieceMs: number;
  /** The index of the token that sends it. */
  token: number;
}

/** The input of a request is this plus its index, so a log row with the upstream's figure identifies its request. */
const leastInput = 60;

/** Plans `count` requests for `tokens` tokens. */
export function planRequests(seed: number, count: number, tokens: number): PlannedRequest[] {
  const random = seededNumbers(seed);
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] as FaultKind;
    const input = leastInput + index;
    const some = (most: number) => Math.floor(random() * most);
    const cached = kind.caches === 'none' ? 0 : some(input / 3);
    const written = kind.caches === 'reads and writes' ? some(input / 3) : 0;
    const output = kind.path.endsWith('embeddings') ? 0 : 3 + some(60);
    return {
      index,
      kind,
      fault: faultOf(random, kind),
      counts: { input, cached, written, output },
      pieceMs: random() < 0.6 ? 1 + some(40) : 0,
      token: some(tokens),
    };
  });
}

function faultOf(random: () => number, { stream }: FaultKind): Fault {
  const dice = random();
  const at = 0.05 + random() * 0.9;
  if (dice < 0.42) return { what: 'none' };
  if (dice < 0.5) return { what: 'slow-head', ms: 200 + Math.floor(random() * 1_300) };
  if (dice < 0.66) return { what: 'client-leaves', at };
  if (dice < 0.69) return { what: 'client-leaves-before-head' };
  if (dice < 0.72) return { what: 'reset-before-head' };
  if (dice < 0.8) return { what: 'reset', at };
  if (dice < 0.86) return stream ? { what: 'truncated', at } : { what: 'no-usage' };
  if (dice < 0.92) return { what: 'no-usage' };
  return { what: 'status', status: ([429, 500, 529] as const)[Math.floor(random() * 3)] ?? 500 };
}

/** Returns a prompt that is long enough for the bound to cover its input. */
export function promptOf({ counts }: PlannedRequest): string {
  return 'x'.repeat(counts.input * 3);
}
