// Turns the files of @earendil-works/pi-ai into the relay's slim table of models. Pure.
import type { ModelRow, ProviderRows } from '../../models/model-table.ts';

/** A model as the package has it: the members that are read. */
export interface SourceModel {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly baseUrl?: string;
  readonly reasoning?: boolean;
  readonly input: readonly string[];
  readonly contextWindow?: number;
  readonly maxTokens?: number;
  /** The provider's word for each level; null: the model does not take it. */
  readonly thinkingLevelMap?: Readonly<Record<string, string | null>>;
}

/** Subscriptions and programs' own gateways: no channel of a relay leads there, or their limits are a plan's. */
const leftOut = /coding|token-plan|opencode|copilot|codex|radius|typesafe|gateway$|-cn$/;

/** Returns the chat models of each provider in the order of names. */
export function extractModelData(
  files: Readonly<Record<string, readonly SourceModel[]>>,
): Record<string, ProviderRows> {
  const wanted = Object.entries(files).filter(([provider]) => !leftOut.test(provider));
  const rows = wanted.map(([provider, models]) => [provider, providerRows(models)] as const);
  return Object.fromEntries(rows.filter(([, { models }]) => Object.keys(models).length > 0));
}

function providerRows(all: readonly SourceModel[]): ProviderRows {
  const chat = all.filter(({ type, id }) => type === 'chat' && !id.startsWith('~'));
  const hosts = chat.flatMap(({ baseUrl = '' }) => /^https:\/\/([\w.-]+)(\/|$)/.exec(baseUrl)?.[1] ?? []);
  const models = chat.map((model) => [model.id, rowOf(model)] as const);
  return {
    hosts: [...new Set(hosts)].sort(),
    models: Object.fromEntries(models.sort(([one], [other]) => (one < other ? -1 : 1))),
  };
}

/** Levels that models take unless the map refuses them, and those that they take only if it names them. */
const usual = ['minimal', 'low', 'medium', 'high'];
const special = ['xhigh', 'max'];

function rowOf({
  name,
  contextWindow,
  maxTokens,
  input,
  reasoning,
  thinkingLevelMap = {},
}: SourceModel): ModelRow {
  const taken = usual.filter((level) => thinkingLevelMap[level] !== null);
  const more = special.filter((level) => (thinkingLevelMap[level] ?? null) !== null);
  return {
    name,
    ...(contextWindow !== undefined && contextWindow > 0 && { context: contextWindow }),
    ...(maxTokens !== undefined && maxTokens > 0 && { output: maxTokens }),
    input,
    ...(reasoning === true && { efforts: [...taken, ...more] }),
  };
}

/** Writes the table as JSON with a line for each model, so that a new version's changes can be read. */
export function modelDataText(source: object, providers: Readonly<Record<string, ProviderRows>>): string {
  const blocks = Object.entries(providers).map(([provider, { hosts, models }]) => {
    const lines = Object.entries(models).map(([id, row]) => `${JSON.stringify(id)}: ${JSON.stringify(row)}`);
    return `${JSON.stringify(provider)}: {"hosts": ${JSON.stringify(hosts)}, "models": {\n${lines.join(',\n')}\n}}`;
  });
  return `{"source": ${JSON.stringify(source)},\n"providers": {\n${blocks.join(',\n')}\n}}\n`;
}
