// Claude on Amazon Bedrock, in its own Messages format: InvokeModel and InvokeModelWithResponseStream.
// https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html
// and https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModelWithResponseStream.html
// (2026-11).
import type { OperationId } from '../formats/format-id.ts';
import { isObject } from '../formats/json-reader.ts';
import { memberText, replaceMember, topLevelMembers } from '../lib/json-members.ts';
import { readBedrockAnswer } from './bedrock-answer.ts';
import { authorizeForAws } from './bedrock-key.ts';
import {
  betasInBody,
  namesOfBetas,
  takeBetas,
  withoutBilling,
  withoutMembers,
  withoutOwnCaching,
  withVersionInBody,
} from './claude-elsewhere.ts';
import type { ListingTarget } from './model-listing.ts';
import { type ListedPage, textOf, textsAt } from './model-listing.ts';
import type { AdaptedBody, Provider } from './provider.ts';

const operations = new Set<OperationId>(['messages']);

export const bedrock: Provider = {
  defaultBaseUrl: null,
  operations: () => operations,
  talks: () => 'anthropic-messages',
  embeds: null,
  models: { url: listUrl, read: readList },
  url: (target) => {
    const verb = target.streams ? 'invoke-with-response-stream' : 'invoke';
    return `${runtimeUrl(target)}/model/${encodeURIComponent(target.model)}/${verb}`;
  },
  adapt: adaptForBedrock,
  authorize: (request, key, settings) => authorizeForAws(request, key, settings),
  read: (response, _target, runOn) => readBedrockAnswer(response, runOn),
  rewritesStreams: true,
};

/** Without an address of its own, a channel uses its region's. */
function runtimeUrl({ baseUrl, settings: { region = '' } }: ListingTarget): string {
  if (baseUrl !== '') return baseUrl;
  return `https://bedrock-runtime.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function adaptForBedrock(text: string, headers: Headers): AdaptedBody {
  const asked = takeBetas(headers);
  headers.delete('anthropic-version');
  // The type of the answer, not of the stream that it may come in.
  headers.set('accept', 'application/json');
  const known = asked.filter((beta) => !refusedBetas.has(beta));
  const betas = [...new Set([...betasInBody(text), ...known.map((beta) => otherNames.get(beta) ?? beta)])];
  const plain = withoutOwnCaching(withOwnBinding(withoutBilling(text)));
  const bare = withVersionInBody(withoutMembers(plain.text, ['model', 'stream']), 'bedrock-2023-05-31');
  return {
    text: betas.length === 0 ? bare : replaceMember(bare, 'anthropic_beta', JSON.stringify(betas)),
    dropped: [...plain.dropped, ...namesOfBetas(asked.filter((beta) => refusedBetas.has(beta)))],
  };
}

/**
 * The field for thinking blocks whose history changed has another name here; Anthropic's is a 400 `Extra inputs
 * are not permitted`:
 * https://docs.aws.amazon.com/bedrock/latest/userguide/claude-messages-thinking-block-binding.html,
 * https://github.com/vercel/ai/pull/20728 (2026-09).
 */
function withOwnBinding(text: string): string {
  if (!text.includes('"prefix_mismatch_behavior"')) return text;
  const member = topLevelMembers(text).findLast(({ key }) => key === 'thinking');
  const thinking: unknown = member === undefined ? null : JSON.parse(memberText(text, member));
  const binding = isObject(thinking) && isObject(thinking.block_binding) ? thinking.block_binding : null;
  if (!isObject(thinking) || binding?.prefix_mismatch_behavior === undefined) return text;
  const { prefix_mismatch_behavior: mismatch_behavior, ...rest } = binding;
  const renamed = { ...thinking, block_binding: { ...rest, mismatch_behavior } };
  return replaceMember(text, 'thinking', JSON.stringify(renamed));
}

/**
 * Betas that Claude Code and the SDKs send to every host, and that Bedrock answers with 400 `invalid beta flag`:
 * https://github.com/router-for-me/CLIProxyAPI/issues/4750 (2026-08-03, tried one by one) and
 * https://github.com/BerriAI/litellm/pull/19877 (2026-01).
 */
const refusedBetas: ReadonlySet<string> = new Set([
  'oauth-2025-04-20',
  'prompt-caching-scope-2026-01-05',
  'fast-mode-2026-02-01',
  'redact-thinking-2026-02-12',
  'token-efficient-tools-2026-03-28',
  'mcp-servers-2025-12-04',
]);

/** https://github.com/BerriAI/litellm/pull/19373 (2026-01): the beta of tool search has another name there. */
const otherNames = new Map([['advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19']]);

/**
 * The control plane's two lists: models, and the inference profiles that newer models are called by. Only
 * Claude's: other makers' models have bodies of their own.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListFoundationModels.html and
 * API_ListInferenceProfiles.html (2026-11).
 */
function listUrl(target: ListingTarget, after: string | null): string {
  const base = runtimeUrl(target).replace('://bedrock-runtime', '://bedrock');
  if (after === null) return `${base}/foundation-models?byProvider=anthropic`;
  const token = after.slice(profiles.length);
  const query = token === '' ? '' : `&nextToken=${encodeURIComponent(token)}`;
  return `${base}/inference-profiles?maxResults=1000${query}`;
}

/** Precedes the token of a page of profiles. */
const profiles = 'profiles:';

function readList(body: unknown): ListedPage {
  if (isObject(body) && 'modelSummaries' in body) {
    return { names: claudes(textsAt(body, 'modelSummaries', 'modelId')), next: profiles };
  }
  const names = claudes(textsAt(body, 'inferenceProfileSummaries', 'inferenceProfileId'));
  const token = isObject(body) ? textOf(body.nextToken) : null;
  return { names, next: token && `${profiles}${token}` };
}

function claudes(names: string[]): string[] {
  return names.filter((name) => name.includes('anthropic.claude'));
}
