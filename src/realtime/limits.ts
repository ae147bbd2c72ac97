/**
 * The limits of a realtime session. Tested on both sides where a test can reach them; the documentation's table is made from
 * these comments.
 */
export const realtimeLimits = {
  /** The longest session, as at OpenAI. Then it closes with 1001. */
  sessionMs: 3_600_000,
  /** Frames of the client that wait for the ledger or the upstream, together. Beyond it: close code 1009. */
  backlogBytes: 40 * 1024 * 1024,
  /** What the client sent before the upstream's first frame is stored up to this, to be sent to another channel. */
  replayedBytes: 1024 * 1024,
  /** Time for the first event to name the model, if the URL does not. Then the session closes with 1008. */
  modelWaitMs: 30_000,
  /** Time for an upstream to accept the connection. Then the next channel is tried. */
  connectMs: 10_000,
  /** Channels and keys that are tried for each model of a session. */
  targets: 3,
  /** Time between two renewals of a running response's lease. */
  renewMs: 1_000,
  /** Time for the running turn of a Live session that has no quota for another. Then it closes with 1008. */
  lastTurnMs: 30_000,
  /** Time that a complete Live turn waits for its usage. Then it is charged by what passed. */
  figureWaitMs: 2_000,
  /** Time until an unconfirmed settlement is sent again. */
  resendMs: 5_000,
  /** Lifetimes of an ephemeral secret in seconds: shortest, longest, default, and default of `/v1/realtime/sessions`. */
  secretSeconds: { least: 10, most: 7_200, usual: 600, usualOfSessions: 60 },
  /** Settings in an ephemeral secret, as compressed JSON. Beyond it: 400. */
  secretSettingsBytes: 6 * 1024,
} as const;
