// Providers' fees for the tools that they run, where genai-prices 0.1.8 lacks them. Each has its page and the day
// on which it was last read (by us, or by the named source). Free allowances (Gemini: a number of prompts per day
// or month and project) are not deducted, because nobody knows here what is left of them.
import { picoEach, type Rates } from './rates.ts';

/** USD for one, unless another unit is named. */
interface ToolFees {
  webSearch?: number;
  previewWebSearch?: number;
  searchedRequest?: number;
  mapSearch?: number;
  mappedRequest?: number;
  fileSearch?: number;
  codeSession?: number;
  request?: number;
}

interface FeeRule {
  /** The library's names of providers. */
  providers: readonly string[];
  models: RegExp;
  fees: ToolFees;
}

/** The first rule that matches a model applies. */
const rules: readonly FeeRule[] = [
  // Chat with a search model always searches, whatever comes of it:
  // https://developers.openai.com/api/docs/pricing ("web search preview": $25 or $10 per 1k calls), 2026-03
  { providers: ['openai'], models: /^gpt-4o(-mini)?-search-preview/, fees: { request: 0.025 } },
  { providers: ['openai'], models: /^gpt-5(\.\d)?-search-api/, fees: { request: 0.01 } },
  // Same page: web search $10 per 1k calls; the preview tool $25 per 1k with models that do not reason, $10
  // with those that do; file search $2.50 per 1k calls (modelcostwatch.com, 2026-03-12;
  // community.openai.com/t/1363698). A container $0.03 when it is made (community.openai.com/t/1360060): for
  // 1 GB, and larger ones cost more, but an answer does not say how large it is, nor whether it was there
  // before; each answer that used one is charged for one. Azure's page names no figures (2026-10); Microsoft
  // sells the same tools.
  {
    providers: ['openai', 'azure'],
    models: /^(gpt-[56]|o\d|codex|computer-use)/,
    fees: { webSearch: 0.01, previewWebSearch: 0.01, fileSearch: 0.0025, codeSession: 0.03 },
  },
  {
    providers: ['openai', 'azure'],
    models: /./,
    fees: { webSearch: 0.01, previewWebSearch: 0.025, fileSearch: 0.0025, codeSession: 0.03 },
  },
  // https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool: $10 per 1,000 searches (2026, through
  // claudecodeguides.com). Fetching pages is free. Code execution is in no answer's usage, so it is not charged.
  { providers: ['anthropic'], models: /./, fees: { webSearch: 0.01 } },
  // Claude's own search, on Vertex too, at the same price (the same page's note on platforms, 2026-11).
  { providers: ['google'], models: /claude/, fees: { webSearch: 0.01 } },
  // https://ai.google.dev/gemini-api/docs/pricing: before Gemini 3 $35 per 1,000 grounded prompts, however many
  // queries; from Gemini 3 on $14 per 1,000 queries (discuss.ai.google.dev/t/102927 and /t/134866, 2026). Maps
  // before Gemini 3, $25 per 1,000, is of 2025-10 and was not read again.
  {
    providers: ['google'],
    models: /^(models\/)?gemini-(1|2)/,
    fees: { searchedRequest: 0.035, mappedRequest: 0.025 },
  },
  { providers: ['google'], models: /gemini/, fees: { webSearch: 0.014, mapSearch: 0.014 } },
  // https://docs.x.ai/developers/pricing, 2026: web search, X search and code execution $5 per 1k calls each,
  // search of collections $2.50 per 1k.
  {
    providers: ['x-ai'],
    models: /./,
    fees: { webSearch: 0.005, fileSearch: 0.0025, codeSession: 0.005 },
  },
];

/** Returns the rates with the provider's fees added where they are missing. A fee in the table stays. */
export function withToolFees(rates: Rates, provider: string, model: string): Rates {
  const name = model.toLowerCase();
  const rule = rules.find(({ providers, models }) => providers.includes(provider) && models.test(name));
  if (rule === undefined) return rates;
  const { fees } = rule;
  const fee = (own: number, usd: number | undefined): number => own || picoEach(usd ?? 0, 1);
  return {
    ...rates,
    perRequest: fee(rates.perRequest, fees.request),
    perWebSearch: fee(rates.perWebSearch, fees.webSearch),
    perPreviewWebSearch: fee(rates.perPreviewWebSearch, fees.previewWebSearch),
    perSearchedRequest: fee(rates.perSearchedRequest, fees.searchedRequest),
    perMapSearch: fee(rates.perMapSearch, fees.mapSearch),
    perMappedRequest: fee(rates.perMappedRequest, fees.mappedRequest),
    perFileSearch: fee(rates.perFileSearch, fees.fileSearch),
    perCodeSession: fee(rates.perCodeSession, fees.codeSession),
  };
}
