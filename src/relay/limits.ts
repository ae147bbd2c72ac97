/** The relay's limits on what it takes in and holds. Each is in the README, and tested on both sides. */
export const relayLimits = {
  /** A request body over this is a 413. */
  bodyBytes: 100 * 1024 * 1024,
  /** A body up to this mostly arrives with its head; before more is read, the ledger is asked about the token. */
  smallBodyBytes: 1024 * 1024,
  /** A compressed JSON body of more than `heldFormBytes` may decode to so many times the bytes that were sent; beyond it a 413. */
  encodedBodyRatio: 20,
  /** Bytes of an upload that are held while its `model` is searched for, if that comes after the file. */
  heldFormBytes: 25 * 1024 * 1024,
  /** All that an isolate holds of such uploads at a time; beyond it a 503 with `retry-after`. */
  heldBytesOfIsolate: 64 * 1024 * 1024,
  /** An answer with a known length up to this is read whole: cheaper than piping it. */
  wholeAnswerBytes: 256 * 1024,
  /** Bytes of an upstream's error body that are searched for errors about the relay's own key. */
  errorBodyBytes: 1024 * 1024,
  /** A conversation for an upstream of another format is nested no deeper than this. */
  translatedLevels: 500,
  /** A request that is answered for longer is ended. */
  requestMs: 3_600_000,
  /** Targets that one request is sent to, one after the other, for each model that it may come to. */
  attempts: 3,
} as const;

/** The rhythm of a running stream. */
export const streamRhythm = {
  /** The meter reads what has passed. */
  meterReadMs: 200,
  /** The first read of the meter: distinguishes a stream of text from bulk data. */
  firstMeterReadMs: 25,
  /** While an answer passes, its lease is renewed this often. */
  streamRenewalMs: 400,
  /** A stream that was silent for so long gets a ping; a channel may say otherwise. Proxies cut after 60 s and more. */
  pingMs: 15_000,
  /** An error event waits this long for an event boundary; then the connection is broken. */
  boundaryMs: 500,
  /**
   * An unstreamed answer is finished for a client that has left, to learn its usage: for so long. The runtime ends
   * everything 30 s after the client has left, and then only the reservation's expiry would charge it.
   */
  finishMs: 24_000,
  /** The upstream of a client that left a stream is read on for its usage at most so long (relay/response/on-disconnect.ts). */
  drainMs: 5_000,
  /** While an upstream's response is awaited, the lease is renewed this often. */
  headRenewalMs: 10_000,
} as const;
