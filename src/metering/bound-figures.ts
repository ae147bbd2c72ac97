// The constants of bounds: one documented record for the input, one for the output.

/** The constants of the input estimate. Calibrated on recorded requests: test/unit/metering/bound.test.ts. */
export const inputBounds = {
  /**
   * UTF-8 bytes of request body per token, a little below the lowest ever seen. English has 4 to 5, JSON and
   * code 3, Chinese 3 to 4. Anthropic's and Gemini's newest tokenizers make the most tokens of a text.
   */
  bytesPerToken: { openai: 2.5, anthropic: 2.2, gemini: 2.5 },
  /** The same for estimates: the median of recorded requests of more than 2 KB, including their JSON. */
  typicalBytesPerToken: 6,
  /** What providers put around a request: roles, separators, instructions for tools. */
  tokensPerRequest: 32,
  /** Tools add a system prompt: Anthropic's has up to 530 tokens, those of open models on other hosts 400. */
  tokensWithTools: { openai: 600, anthropic: 700, gemini: 200 },
  /** Anthropic's instructions for citing documents. */
  tokensWithCitations: 700,
  /** Hosts of other makers' models prepend a system prompt of their own: up to 1,544 tokens seen (Venice). */
  tokensOfHostPrompt: 1_700,
  /**
   * Searches that the provider runs put whole pages into the prompt, 20,000 to 30,000 tokens. A reasoning model
   * in the Responses API searches many times, and reads everything again each time: 116,000 seen.
   */
  tokensPerSearchTool: 40_000,
  tokensPerSearchToolOfResponses: 120_000,
  /**
   * Definitions and results of the provider's other tools, over several turns (code execution, images, MCP):
   * 38,000 seen.
   */
  tokensPerServerTool: 40_000,
  /**
   * A history that only the upstream has (previous_response_id, conversation, prompt, cachedContent), if its
   * length is not recorded.
   */
  tokensOfHiddenHistory: 8_000,
  /** An image at most: OpenAI 1,536 patches times 2.46, Anthropic 4,784, Gemini 16 tiles of 258. */
  tokensPerImage: { openai: 3_800, anthropic: 4_800, gemini: 4_200 },
  /** OpenAI's `detail: low`: 85, or 70. */
  tokensPerLowDetailImage: 100,
  /** What an estimate assumes for an image: about 1024 x 1024. */
  typicalTokensPerImage: 1_000,
  /** gpt-4o-mini counts images 33-fold: 2,833 and 5,667 per tile, up to eight tiles. */
  tokensPerImageOfGpt4oMini: 48_200,
  tokensPerLowDetailImageOfGpt4oMini: 2_900,
  /** An upload to image edits: at most 16 images of 6,500 tokens (gpt-image-1, high fidelity), and a prompt. */
  tokensOfImageUpload: 120_000,
  /** Audio of at least 16 kbit/s, at up to 32 tokens a second (Gemini; OpenAI 10, Mistral 12.5). */
  audioBytesPerSecond: 2_000,
  audioTokensPerSecond: 32,
  /** Video of at least 160 kbit/s, at up to 300 tokens a second. */
  videoBytesPerSecond: 20_000,
  videoTokensPerSecond: 300,
  /** Documents (PDF): their text is compressed, and each page is an image too. */
  documentBytesPerToken: 3,
  /** Media behind a URL or an id, whose size is unknown. */
  tokensPerRemoteFile: 20_000,
  /** Deeper values are not examined. */
  maximumDepth: 64,
} as const;

/** The constants of the output bound; those of the input are in `inputBounds`. */
export const outputBounds = {
  /** The default without a bound of the caller's, because no table here has each model's own maximum. */
  tokensWithoutBound: 4_096,
  /** A caller's bound above this counts as this: no model writes more. The upstream gets it unchanged. */
  mostTokens: 10_000_000,
  /**
   * The same for numbers of answers and images, where no endpoint has a bound of its own
   * (formats/request-counts.ts).
   */
  mostAnswers: 128,
  /** How much of a stream's output is reserved at a time. */
  tokensPerStep: 2_000,
  /** An image at most (gpt-image-1, high, 1024x1536: 6,240), and each partial image of a stream. */
  tokensPerImage: 6_300,
  /**
   * A model that a tool calls: one image, or an adviser's answer (2,048 tokens unless the request says
   * otherwise).
   */
  tokensOfAssistant: 6_300,
  tokensPerPartialImage: 100,
  /** Speech: some 21 tokens a second at no fewer than 7 characters a second; slower by the request's `speed`. */
  speechTokensPerCharacter: 3,
  /** Transcripts: fast speech has 5 tokens a second; audio of at least 6 kbit/s (Opus, RFC 6716 section 2.1.1). */
  transcriptTokensPerSecond: 6,
  transcribedBytesPerSecond: 750,
  /** Sound behind a `url`: the most that a provider fetches (Groq, https://console.groq.com/docs/speech-to-text, 2026-11). */
  bytesOfRemoteAudio: 100 * 1024 * 1024,
  transcribedTokensPerSecond: 12,
  /** Searches that a request with a search tool may run if it does not say (`max_uses`). */
  webSearches: 5,
  mostSearches: 1_000,
  /** A form of unannounced length: the most that OpenAI accepts of one file. */
  bytesOfUnknownUpload: 25 * 1024 * 1024,
  /** Cohere: a search unit is a query with up to 100 documents, and long ones count as several. */
  documentsPerSearchUnit: 100,
  tokensPerDocument: 500,
} as const;
