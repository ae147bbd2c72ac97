/** The relay's limits on what it takes in and holds. Tested on both sides; the documentation's table is made from these comments. */
export const relayLimits = {
  /** The longest request body. Beyond it: 413. */
  bodyBytes: 100 * 1024 * 1024,
  /** The longest body that is read before the ledger is asked about the token. A token that cannot pay gets its refusal earlier. */
  smallBodyBytes: 1024 * 1024,
  /** A compressed body above `heldFormBytes` may decode to this many times the bytes that were sent. Beyond it: 413. */
  encodedBodyRatio: 20,
  /** Bytes of an upload that are held while its `model` is searched for. Beyond it: 400, which says to put `model` first. */
  heldFormBytes: 25 * 1024 * 1024,
  /** All held uploads of one isolate together. Beyond it: 503 with `retry-after`. */
  heldBytesOfIsolate: 64 * 1024 * 1024,
  /** An answer with a known length up to this is read whole, because that costs less than a stream. */
  wholeAnswerBytes: 256 * 1024,
  /** Bytes of an upstream's error body that are read. The rest is dropped. */
  errorBodyBytes: 1024 * 1024,
  /** Levels of nesting in a conversation that is translated. Beyond it: 400. */
  translatedLevels: 500,
  /** The longest time for one request. Then it ends with the format's error event. */
  requestMs: 3_600_000,
  /** Channels and keys that are tried for each model of a request. Then the last answer is returned. */
  attempts: 3,
} as const;

/** The timing of a running answer. The documentation's table is made from these comments. */
export const streamRhythm = {
  /** Time between two reads of the meter. */
  meterReadMs: 200,
  /** Time to the first read of the meter, which tells a stream of words from bulk data. */
  firstMeterReadMs: 25,
  /** Time between two renewals of a stream's lease. A deleted token ends its streams within this time. */
  streamRenewalMs: 400,
  /** Silence before a ping. A channel can set `ping_interval_ms`. */
  pingMs: 15_000,
  /** Time that an error event waits for the end of the current event. Then the connection is closed. */
  boundaryMs: 500,
  /** Time to finish an unstreamed answer for a client that has left. Then the input is charged as an estimate. */
  finishMs: 24_000,
  /** Time to read on for the usage after a client left a stream. Then the rest is estimated. */
  drainMs: 5_000,
  /** Time between two renewals of the lease while the upstream has not answered. */
  headRenewalMs: 10_000,
} as const;
