// Published prices of hosts that genai-prices 0.1.8 lacks, fully or for some models, by the host of a channel's
// address. A model that is neither there nor here has no price until an administrator sets one. Pure.
import { freeRates, picoEach, type Rates, type TokenRates } from './rates.ts';

/** USD per million tokens. */
interface HostPrice {
  input: number;
  output: number;
  cacheRead?: number;
  cacheWrite?: number;
  reasoning?: number;
  /** Rates for the whole request, once its input is longer than this. */
  above?: Readonly<Record<number, HostPrice>>;
}

/**
 * Alibaba Cloud Model Studio, Singapore (international); its other regions have other prices and hosts of their own. Cached tokens are those
 * of the implicit cache, cache writes those of the explicit one. https://www.alibabacloud.com/help/en/model-studio/model-pricing and a page a
 * model, as quoted by theopenco/llmgateway pull requests 3583, 2114 and 3392 (qwen3-max, qwen3-coder-plus, qwen3.6-plus, qwen3.8-max; 2026-04 to 2026-08),
 * 2389-research/dippin-lang pull request 279 (qwen3.7-max; 2026-08-12), anomalyco/models.dev pull request 5692 (qwen3.8-flash; 2026-08-28) and
 * its providers/alibaba (the others; 2026-09). qwen-plus: in thinking mode all output costs what reasoning does; a usage does not show the mode.
 */
const alibabaSingapore: Readonly<Record<string, HostPrice>> = {
  'qwen-flash': {
    ...{ input: 0.05, output: 0.4, cacheRead: 0.01, cacheWrite: 0.0625 },
    above: { 256000: { input: 0.25, output: 2, cacheRead: 0.05, cacheWrite: 0.3125 } },
  },
  'qwen-plus': {
    ...{ input: 0.4, output: 1.2, reasoning: 4 },
    above: { 256000: { input: 1.2, output: 3.6, reasoning: 12 } },
  },
  'qwen3-max': {
    ...{ input: 1.2, output: 6, cacheRead: 0.24, cacheWrite: 1.5 },
    above: {
      32000: { input: 2.4, output: 12, cacheRead: 0.48, cacheWrite: 3 },
      128000: { input: 3, output: 15, cacheRead: 0.6, cacheWrite: 3.75 },
    },
  },
  'qwen3-coder-plus': {
    ...{ input: 1, output: 5 },
    above: {
      32000: { input: 1.8, output: 9 },
      128000: { input: 3, output: 15 },
      256000: { input: 6, output: 60 },
    },
  },
  'qwen3-coder-flash': {
    ...{ input: 0.3, output: 1.5, cacheRead: 0.06, cacheWrite: 0.375 },
    above: {
      32000: { input: 0.5, output: 2.5, cacheRead: 0.1, cacheWrite: 0.625 },
      128000: { input: 0.8, output: 4, cacheRead: 0.16, cacheWrite: 1 },
      256000: { input: 1.6, output: 9.6, cacheRead: 0.32, cacheWrite: 2 },
    },
  },
  'qwen3.5-flash': { input: 0.1, output: 0.4, cacheRead: 0.01, cacheWrite: 0.125 },
  'qwen3.5-plus': {
    ...{ input: 0.4, output: 2.4, cacheRead: 0.04, cacheWrite: 0.5 },
    above: { 256000: { input: 0.5, output: 3, cacheRead: 0.05, cacheWrite: 0.625 } },
  },
  'qwen3.6-plus': {
    ...{ input: 0.5, output: 3, cacheRead: 0.05, cacheWrite: 0.625 },
    above: { 256000: { input: 2, output: 6, cacheRead: 0.2, cacheWrite: 2.5 } },
  },
  'qwen3.7-plus': {
    ...{ input: 0.4, output: 1.6, cacheRead: 0.08, cacheWrite: 0.5 },
    above: { 256000: { input: 1.2, output: 4.8, cacheRead: 0.24, cacheWrite: 1.5 } },
  },
  'qwen3.7-max': { input: 2.5, output: 7.5, cacheRead: 0.5, cacheWrite: 3.125 },
  'qwen3.8-max': { input: 2, output: 6, cacheRead: 0.25, cacheWrite: 2.5 },
  'qwen3.8-flash': { input: 0.15, output: 0.47, cacheRead: 0.016, cacheWrite: 0.2 },
};

/**
 * Z.ai. The library has GLM-5.2 and later. https://docs.z.ai/guides/overview/pricing, as quoted by ryoppippi/ccusage commit 72e2372 (2026-05)
 * and anomalyco/models.dev, providers/zai (2026-07); GLM-5V-Turbo verified there on 2026-09-03 by others. The Coding Plan's address has no
 * price by use.
 */
const zai: Readonly<Record<string, HostPrice>> = {
  'glm-4.5': { input: 0.6, output: 2.2, cacheRead: 0.11 },
  'glm-4.5-air': { input: 0.2, output: 1.1, cacheRead: 0.03 },
  'glm-4.5-flash': { input: 0, output: 0 },
  'glm-4.5v': { input: 0.6, output: 1.8 },
  'glm-4.6': { input: 0.6, output: 2.2, cacheRead: 0.11 },
  'glm-4.6v': { input: 0.3, output: 0.9 },
  'glm-4.7': { input: 0.6, output: 2.2, cacheRead: 0.11 },
  'glm-4.7-flash': { input: 0, output: 0 },
  'glm-4.7-flashx': { input: 0.07, output: 0.4, cacheRead: 0.01 },
  'glm-5': { input: 1, output: 3.2, cacheRead: 0.2 },
  'glm-5-turbo': { input: 1.2, output: 4, cacheRead: 0.24 },
  'glm-5v-turbo': { input: 1.2, output: 4, cacheRead: 0.24 },
  'glm-5.1': { input: 1.4, output: 4.4, cacheRead: 0.26 },
};

const hosts: Readonly<Record<string, Readonly<Record<string, HostPrice>>>> = {
  'dashscope-intl.aliyuncs.com': alibabaSingapore,
  'api.z.ai': zai,
};

/** Returns the published price of exactly that model at that host, or null. */
export function hostRates(baseUrl: string | undefined, model: string): Rates | null {
  const host = URL.parse(baseUrl ?? '')?.hostname ?? '';
  const prices = Object.hasOwn(hosts, host) ? hosts[host] : undefined;
  const price = prices !== undefined && Object.hasOwn(prices, model) ? prices[model] : undefined;
  if (price === undefined) return null;
  const tiers = Object.entries(price.above ?? {}).map(([tokens, above]) => ({
    aboveInputTokens: Number(tokens),
    rates: tokenRates(above),
  }));
  return { ...freeRates('published'), base: tokenRates(price), tiers };
}

function tokenRates({ above: _above, ...price }: HostPrice): TokenRates {
  const rates: TokenRates = { input: 0, output: 0 };
  for (const [kind, usd] of Object.entries(price)) rates[kind as keyof TokenRates] = picoEach(usd, 1_000_000);
  return rates;
}
