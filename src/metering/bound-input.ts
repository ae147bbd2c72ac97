// The most input tokens that a body can have, without a tokenizer: text by its bytes, media by the providers'
// published rules. Every constant is in `inputBounds` (bound-figures.ts).
import { isObject } from '../formats/json-reader.ts';
import { isConversation, type WireFormat } from '../formats/wire-format.ts';
import { inputBounds } from './bound-figures.ts';
import { mediaType, otherServerTool, searchingModel, searchTool, toolName } from './bound-parts.ts';

/** Upper bounds of the input of one request. */
export interface InputSurvey {
  /** Everything, including media. */
  inputTokens: number;
  /** The probable input: not a bound, but what is charged if no usage is reported. */
  typicalTokens: number;
  /** Tokens of files of unknown kind: text, or a more expensive kind. */
  remoteTokens: number;
  imageTokens: number;
  audioTokens: number;
  videoTokens: number;
  /** Whether the body has a cache marker, and whether one asks for an hour. */
  cacheMarkers: 'none' | '5m' | '1h';
  /** Search tools that the provider runs, and may bill separately. */
  searchTools: number;
}

type Family = keyof typeof inputBounds.bytesPerToken;

/** What is known about a request besides its body. */
export interface InputContext {
  /** The upstream's name. */
  model: string;
  /** Tokens of the conversation up to the response that `previous_response_id` names. Null: not recorded. */
  historyTokens: number | null;
  /** A host of other makers' models serves it. */
  hosted: boolean;
}

/** Surveys a parsed body of `bodyBytes` bytes. Visits each value once, and never the characters of a text. */
export function surveyInput(
  format: WireFormat,
  body: unknown,
  bodyBytes: number,
  context: InputContext,
): InputSurvey {
  const survey = new Survey(format, body, context);
  survey.walk(body, undefined, '', 0);
  return survey.result(bodyBytes);
}

/** Returns the tokens that no body contains: a history that the upstream stores. */
function tokensOfHistory(
  format: WireFormat,
  request: Readonly<Record<string, unknown>>,
  recorded: number | null,
): number {
  const named = (format.historyFields ?? []).filter((key) => request[key]).length;
  const previous = format.storesAnswers && request.previous_response_id;
  return (
    named * inputBounds.tokensOfHiddenHistory +
    (previous ? (recorded ?? inputBounds.tokensOfHiddenHistory) : 0)
  );
}

class Survey {
  readonly #family: Family;
  readonly #format: WireFormat;
  readonly #gpt4oMini: boolean;
  readonly #extra: number;
  readonly #history: number;
  readonly #searchTools: number;
  #mediaBytes = 0;
  #image = 0;
  #images = 0;
  #audio = 0;
  #video = 0;
  #document = 0;
  #remote = 0;
  #numbers = 0;
  #citations = 0;
  #markers: InputSurvey['cacheMarkers'] = 'none';

  constructor(format: WireFormat, body: unknown, { model, historyTokens, hosted }: InputContext) {
    const request = isObject(body) ? body : {};
    this.#family = format.api;
    this.#format = format;
    this.#gpt4oMini = model.includes('gpt-4o-mini');
    const tools = Array.isArray(request.tools) ? request.tools.filter(isObject) : [];
    const searching = tools.filter((tool) => searchTool.test(toolName(tool))).length;
    const unasked = isObject(request.web_search_options) || searchingModel.test(model) ? 1 : 0;
    this.#searchTools = searching + unasked;
    const otherTools = tools.filter((tool) => otherServerTool.test(toolName(tool))).length;
    this.#history = tokensOfHistory(format, request, historyTokens);
    this.#extra =
      inputBounds.tokensPerRequest +
      (hosted && format.api === 'openai' && isConversation(format) ? inputBounds.tokensOfHostPrompt : 0) +
      (tools.length > 0 ? inputBounds.tokensWithTools[this.#family] : 0) +
      this.#searchTools *
        (format.repeatsSearches
          ? inputBounds.tokensPerSearchToolOfResponses
          : inputBounds.tokensPerSearchTool) +
      otherTools * inputBounds.tokensPerServerTool +
      this.#history;
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
    const sized = this.#audio + this.#video + this.#document;
    const media = this.#image + sized + this.#remote;
    const typicalText = Math.ceil(textBytes / inputBounds.typicalBytesPerToken);
    const typicalMedia = Math.min(this.#image, this.#images * inputBounds.typicalTokensPerImage) + sized;
    return {
      // A token may be given as its number, in as little as two bytes.
      inputTokens:
        Math.max(this.#textTokens(textBytes), this.#numbers) + media + this.#extra + this.#citations,
      typicalTokens: Math.max(typicalText, this.#numbers) + typicalMedia + this.#history,
      remoteTokens: this.#remote,
      imageTokens: this.#image,
      audioTokens: this.#audio,
      videoTokens: this.#video,
      cacheMarkers: this.#markers,
      searchTools: this.#searchTools,
    };
  }

  /** An upload to image edits is a form whose files are not examined: its length is not that of a text. */
  #textTokens(textBytes: number): number {
    const tokens = Math.ceil(textBytes / inputBounds.bytesPerToken[this.#family]);
    return this.#format.task === 'images' ? Math.min(tokens, inputBounds.tokensOfImageUpload) : tokens;
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
    if (type.startsWith('image')) this.#addImage(parent);
    else if (bytes === null) this.#remote += inputBounds.tokensPerRemoteFile;
    else if (type.startsWith('audio'))
      this.#audio += secondsOf(bytes, 'audio') * inputBounds.audioTokensPerSecond;
    else if (type.startsWith('video'))
      this.#video += secondsOf(bytes, 'video') * inputBounds.videoTokensPerSecond;
    else this.#document += Math.ceil(bytes / inputBounds.documentBytesPerToken);
  }

  #addImage(parent: Readonly<Record<string, unknown>> | undefined): void {
    this.#images += 1;
    this.#image += this.#tokensOfImage(parent);
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
