/** The management API's own limits. */
export const managementLimits = {
  nameCharacters: 200,
  modelCharacters: 256,
  /** Entries of a `models` list or of a `model_map`. */
  models: 1_000,
  /** Entries of `allowed_ips`. */
  allowedIps: 1_000,
  keysOfChannel: 100,
  keyCharacters: 8_192,
  headersOfChannel: 50,
  headerCharacters: 4_096,
  groupsOfChannel: 100,
  groupCharacters: 64,
  channelsOfGroup: 1_000,
  /** Entries of a channel's `shared_resources`, and the length of one. */
  sharedResources: 1_000,
  resourceCharacters: 1_024,
  /** A group's price multiplier. */
  multiplier: 1_000,
  /** Ledgers that are called before an edit of a group answers: fewer than the calls that a Worker may make. */
  ledgersPerEdit: 800,
  /** Tokens that the deletion of their account deletes: each costs a call of its ledger and one of KV. */
  tokensDeletedAtOnce: 400,
  modelsOfAlias: 10,
  urlCharacters: 2_048,
  overlapSeconds: 604_800,
  /** Rows of a page: the maximum and the default. */
  pageRows: 200,
  pageRowsUsually: 50,
  /** Rows of a page of an export. */
  exportRows: 1_000,
  /** Requests or tokens per minute, and concurrent requests. */
  rate: 1_000_000_000,
  bodyBytes: 1_048_576,
  /** The same for a form of the dashboard, percent-encoded. */
  formBytes: 4_194_304,
  /** Characters of a change that the audit stores. */
  auditCharacters: 2_000,
  importBodyBytes: 33_554_432,
} as const;
