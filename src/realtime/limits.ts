/** The limits of a realtime session. Each is in the README, and tested on both sides where a test can reach it. */
export const realtimeLimits = {
  /** A session is closed after this; OpenAI's own end then too. */
  sessionMs: 3_600_000,
  /** Frames of the client that wait for the ledger or for the upstream, together; beyond it the session is closed (1009). */
  backlogBytes: 40 * 1024 * 1024,
  /** What the client sent before the upstream's first frame is kept up to this, to be sent again to another channel. */
  replayedBytes: 1024 * 1024,
  /** A connection that names no model must do so in its first `session.update`, within this. */
  modelWaitMs: 30_000,
  /** To the upstream's answer to the upgrade. */
  connectMs: 10_000,
  /** Targets that one session is offered to, one after the other; of each model that it may come to. */
  targets: 3,
  /** A running response renews its lease this often. */
  renewMs: 1_000,
  /** A Live session without quota for another turn is closed when the running one ends, or after this. */
  lastTurnMs: 30_000,
  /** A Live turn that is complete and has no figure yet is charged by what passed at the first renewal after this. */
  figureWaitMs: 2_000,
  /** A settlement that the ledger has not confirmed is sent again after this. */
  resendMs: 5_000,
  /** Lifetimes of an ephemeral secret: shortest, longest, and the defaults. */
  secretSeconds: { least: 10, most: 7_200, usual: 600, usualOfSessions: 60 },
  /** The settings inside an ephemeral secret, as compressed JSON: it travels in a header. */
  secretSettingsBytes: 6 * 1024,
} as const;
