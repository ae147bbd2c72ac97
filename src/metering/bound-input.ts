// How many input tokens a body can be at most, without a tokenizer: its text by its bytes, its media by the
// providers' published rules. Every constant is in `inputBounds`.
import { isObject } from '../formats/json-reader.ts';
import type { WireKind } from '../formats/meter.ts';
import { mediaType, otherServerTool, searchTool, toolName } from './bound-parts.ts';

/** The constants of the input estimate. Calibrated on recorded requests: test/metering/bound.test.ts. */
export const inputBounds = {
  /**
   * UTF-8 bytes of request body a token, a little fewer than ever seen. English has 4 to 5, JSON and code 3,
   * Chinese 3 to 4. Anthropic's and Gemini's newest tokenizers make the most tokens of a text.
   */
  bytesPerToken: { openai: 2.5, anthropic: 2.2, gemini: 2.5 },
  /** What providers put around a request: roles, separators, instructions for tools. */
  tokensPerRequest: 32,
  /** Tools bring a system prompt: Anthropic's has up to 530 tokens, those of open models behind hosts 400. */
  tokensWithTools: { openai: 600, anthropic: 700, gemini: 200 },
  /** Anthropic's instructions for citing documents. */
  tokensWithCitations: 700,
  /** What a search that the provider runs itself brings into the prompt: whole pages, some 20,000 tokens. */
  tokensPerSearchTool: 25_000,
  /** Definitions and results of its other tools, over several turns: code execution, images, MCP. */
  tokensPerServerTool: 10_000,
  /** A history that only the upstream has (previous_response_id, conversation, prompt, cachedContent). */
  tokensOfHiddenHistory: 8_000,
  /** An image at most: OpenAI 1,536 patches times 2.46, Anthropic 4,784, Gemini 16 tiles of 258. */
  tokensPerImage: { openai: 3_800, anthropic: 4_800, gemini: 4_200 },
  /** OpenAI's `detail: low`: 85, or 70. */
  tokensPerLowDetailImage: 100,
  /** gpt-4o-mini counts images 33-fold: 2,833 and 5,667 a tile, up to eight tiles. */
  tokensPerImageOfGpt4oMini: 48_200,
  tokensPerLowDetailImageOfGpt4oMini: 2_900,
  /** Audio of at least 16 kbit/s, at up to 32 tokens a second (Gemini; OpenAI 10, Mistral 12.5). */
  audioBytesPerSecond: 2_000,
  audioTokensPerSecond: 32,
  /** Video of at least 160 kbit/s, at up to 300 tokens a second. */
  videoBytesPerSecond: 20_000,
  videoTokensPerSecond: 300,
  /** Documents (PDF): text comes compressed, and each page is an image too. */
  documentBytesPerToken: 3,
  /** Media behind a URL or an id, whose size is not known here. */
  tokensPerRemoteFile: 20_000,
  /** Deeper than this nothing is looked at. */
  maximumDepth: 64,
} as const;

/** Upper bounds of the input of one request. */
export interface InputSurvey {
  /** All of it; the media are part of it. */
  inputTokens: number;
  imageTokens: number;
  audioTokens: number;
  videoTokens: number;
  /** A cache marker is in the body, and whether one asks for an hour. */
  cacheMarkers: 'none' | '5m' | '1h';
  /** Search tools that the provider runs, and may bill a search apart. */
  searchTools: number;
}

type Family = keyof typeof inputBounds.bytesPerToken;

/** The survey of a parsed body of `bodyBytes` bytes. Looks at each value once, and at no character of text. */
export function surveyInput(kind: WireKind, body: unknown, bodyBytes: number): InputSurvey {
  const survey = new Survey(kind, body);
  survey.walk(body, undefined, '', 0);
  return survey.result(bodyBytes);
}

function familyOf(kind: WireKind): Family {
  if (kind === 'messages') return 'anthropic';
  return kind === 'generate' || kind === 'gemini-embed' ? 'gemini' : 'openai';
}

class Survey {
  readonly #family: Family;
  readonly #gpt4oMini: boolean;
  readonly #extra: number;
  readonly #searchTools: number;
  #mediaBytes = 0;
  #image = 0;
  #audio = 0;
  #video = 0;
  #document = 0;
  #numbers = 0;
  #citations = 0;
  #markers: InputSurvey['cacheMarkers'] = 'none';

  constructor(kind: WireKind, body: unknown) {
    const request = isObject(body) ? body : {};
    this.#family = familyOf(kind);
    this.#gpt4oMini = typeof request.model === 'string' && request.model.includes('gpt-4o-mini');
    const tools = Array.isArray(request.tools) ? request.tools.filter(isObject) : [];
    const searching = tools.filter((tool) => searchTool.test(toolName(tool))).length;
    this.#searchTools = searching + (isObject(request.web_search_options) ? 1 : 0);
    const otherTools = tools.filter((tool) => otherServerTool.test(toolName(tool))).length;
    const hidden = ['previous_response_id', 'conversation', 'prompt', 'cachedContent', 'cached_content'];
    const history =
      kind === 'responses' || kind === 'generate' ? hidden.filter((key) => request[key]).length : 0;
    this.#extra =
      inputBounds.tokensPerRequest +
      (tools.length > 0 ? inputBounds.tokensWithTools[this.#family] : 0) +
      this.#searchTools * inputBounds.tokensPerSearchTool +
      otherTools * inputBounds.tokensPerServerTool +
      history * inputBounds.tokensOfHiddenHistory;
  }

  walk(
    value: unknown,
    parent: Readonly<Record<string, unknown>> | undefined,
    key: string,
    depth: number,
  ): void {
    if (depth > inputBounds.maximumDepth) return;
    if (typeof value === 'string') this.#string(value, parent, key);
    else if (typeof value === 'number') this.#numbers++;
    else if (Array.isArray(value)) for (const element of value) this.walk(element, parent, key, depth + 1);
    else if (isObject(value)) {
      if (key === 'cache_control') this.#mark(value.ttl);
      if (key === 'citations' && value.enabled === true) this.#citations = inputBounds.tokensWithCitations;
      for (const [name, member] of Object.entries(value)) this.walk(member, value, name, depth + 1);
    }
  }

  result(bodyBytes: number): InputSurvey {
    const textBytes = Math.max(0, bodyBytes - this.#mediaBytes);
    const text = Math.ceil(textBytes / inputBounds.bytesPerToken[this.#family]);
    const media = this.#image + this.#audio + this.#video + this.#document;
    return {
      // A token may be given as its number, in as little as two bytes.
      inputTokens: Math.max(text, this.#numbers) + media + this.#extra + this.#citations,
      imageTokens: this.#image,
      audioTokens: this.#audio,
      videoTokens: this.#video,
      cacheMarkers: this.#markers,
      searchTools: this.#searchTools,
    };
  }

  #mark(ttl: unknown): void {
    this.#markers = ttl === '1h' || this.#markers === '1h' ? '1h' : '5m';
  }

  #string(text: string, parent: Readonly<Record<string, unknown>> | undefined, key: string): void {
    const type = mediaType(text, parent, key);
    if (type === null) return;
    const remote = /^(https?|gs):|^files?[-/]/.test(text);
    if (!remote) this.#mediaBytes += text.length;
    this.#addMedia(type, remote ? null : Math.ceil(text.length * 0.75), parent);
  }

  #addMedia(type: string, bytes: number | null, parent: Readonly<Record<string, unknown>> | undefined): void {
    if (type.startsWith('image')) this.#image += this.#tokensOfImage(parent);
    else if (bytes === null) this.#document += inputBounds.tokensPerRemoteFile;
    else if (type.startsWith('audio'))
      this.#audio += secondsOf(bytes, 'audio') * inputBounds.audioTokensPerSecond;
    else if (type.startsWith('video'))
      this.#video += secondsOf(bytes, 'video') * inputBounds.videoTokensPerSecond;
    else this.#document += Math.ceil(bytes / inputBounds.documentBytesPerToken);
  }

  #tokensOfImage(parent: Readonly<Record<string, unknown>> | undefined): number {
    const low = parent?.detail === 'low';
    if (this.#gpt4oMini)
      return low ? inputBounds.tokensPerLowDetailImageOfGpt4oMini : inputBounds.tokensPerImageOfGpt4oMini;
    return low ? inputBounds.tokensPerLowDetailImage : inputBounds.tokensPerImage[this.#family];
  }
}

function secondsOf(bytes: number, medium: 'audio' | 'video'): number {
  return Math.ceil(bytes / inputBounds[`${medium}BytesPerSecond`]);
}
