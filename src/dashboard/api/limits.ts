/** The management API's limits. Beyond a limit: 400, unless it says otherwise. The documentation's table is made from these comments. */
export const managementLimits = {
  /** Characters of a name. */
  nameCharacters: 200,
  /** Characters of a token's note. */
  noteCharacters: 1_000,
  /** Characters of a model's name. */
  modelCharacters: 256,
  /** Entries of `models` or `model_map`. */
  models: 1_000,
  /** Entries of `allowed_ips`. */
  allowedIps: 1_000,
  /** Keys of a channel. */
  keysOfChannel: 100,
  /** Characters of a channel's key. */
  keyCharacters: 8_192,
  /** Headers of a channel. */
  headersOfChannel: 50,
  /** Characters of a header's value. */
  headerCharacters: 4_096,
  /** Groups of a channel. */
  groupsOfChannel: 100,
  /** Characters of a group's name. */
  groupCharacters: 64,
  /** Channels of a group. */
  channelsOfGroup: 1_000,
  /** Entries of a channel's `shared_resources`. */
  sharedResources: 1_000,
  /** Characters of one such entry. */
  resourceCharacters: 1_024,
  /** The highest `price_multiplier` of a group. */
  multiplier: 1_000,
  /** Tokens of a group, the newest ones, whose ledgers get an edit before it is answered. The others get it within a minute. */
  ledgersPerEdit: 800,
  /** Tokens that one call deletes with their account. Beyond it: 503; send the same call again to continue. */
  tokensDeletedAtOnce: 400,
  /** The highest number of tokens that an override of a model may name. */
  modelTokens: 1_000_000_000,
  /** Modalities, or levels of reasoning, of an override of a model. */
  modelWords: 20,
  /** Keys that one call of `/api/usage` may be narrowed to (`only`). */
  usageKeys: 20,
  /** Models of an alias. */
  modelsOfAlias: 10,
  /** Characters of a URL. */
  urlCharacters: 2_048,
  /** The longest `overlap_seconds` of a rotated token: a week. */
  overlapSeconds: 604_800,
  /** The highest `limit` of a page. */
  pageRows: 200,
  /** The rows of a page without `limit`. */
  pageRowsUsually: 50,
  /** The rows of a page of an export. */
  exportRows: 1_000,
  /** The highest value of `rpm`, `tpm`, and `concurrency`. */
  rate: 1_000_000_000,
  /** The longest request body. Beyond it: 413. */
  bodyBytes: 1_048_576,
  /** The longest form of the dashboard. Beyond it: 413. */
  formBytes: 4_194_304,
  /** Characters of a change in the audit log. The rest is cut. */
  auditCharacters: 2_000,
  /** The longest body of `POST /api/import`. Beyond it: 413. */
  importBodyBytes: 33_554_432,
} as const;
