// Finds what is known about a model by the channel that serves it: at that provider or host, else by the maker's
// name. The table is loaded when a list of models first needs it.
import type { PricedProvider } from '../metering/price.ts';
import { bareName } from '../metering/price-table.ts';

/** A model of the table. Tokens; `efforts` from least to most, absent for models that do not reason. */
export interface ModelRow {
  readonly name: string;
  readonly context?: number;
  readonly output?: number;
  readonly input: readonly string[];
  readonly efforts?: readonly string[];
}

/** A provider of the table: the host names of its addresses, and its models by name. */
export interface ProviderRows {
  readonly hosts: readonly string[];
  readonly models: Readonly<Record<string, ModelRow>>;
}

/** The file's names of the relay's providers. */
const fileNames: Partial<Record<PricedProvider, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  gemini: 'google',
  azure: 'azure',
  bedrock: 'amazon-bedrock',
  vertex: 'google-vertex',
  'workers-ai': 'cloudflare-workers-ai',
};

/** Makers whose models others serve under the maker's name. OpenRouter's list has the rest. */
const makers = [
  'openai',
  'anthropic',
  'google',
  'mistral',
  'deepseek',
  'xai',
  'moonshotai',
  'zai',
  'minimax',
  'meta',
  'xiaomi',
];

export class ModelTable {
  private readonly providers: Readonly<Record<string, ProviderRows>>;
  private readonly byBareName: ReadonlyMap<string, ModelRow>;

  constructor(providers: Readonly<Record<string, ProviderRows>>) {
    this.providers = providers;
    const listed = Object.entries(providers.openrouter?.models ?? {});
    const own = makers.flatMap((maker) => Object.entries(providers[maker]?.models ?? {}));
    // A name without a date wins over its snapshots, and a maker's row over OpenRouter's.
    const isDated = ([name]: [string, ModelRow]) => bareName(name) !== name.slice(name.lastIndexOf('/') + 1);
    const ordered = [listed, own].flatMap((rows) => [
      ...rows.filter(isDated),
      ...rows.filter((row) => !isDated(row)),
    ]);
    this.byBareName = new Map(ordered.map(([name, row]) => [bareName(name), row]));
  }

  /** Returns the model's row, or null. `baseUrl` recognizes the host of a compatible channel. */
  find(provider: PricedProvider, model: string, baseUrl: string | null): ModelRow | null {
    const file = fileNames[provider] ?? this.fileOfHost(baseUrl);
    const rows = file === undefined ? undefined : this.providers[file]?.models;
    const own = rows && (ownRow(rows, model) ?? ownRow(rows, undated(model)));
    return own ?? this.byBareName.get(bareName(model)) ?? null;
  }

  /** Returns the names of a provider's chat models. */
  namesOf(provider: PricedProvider): string[] {
    return Object.keys(this.providers[fileNames[provider] ?? '']?.models ?? {});
  }

  private fileOfHost(baseUrl: string | null): string | undefined {
    const host = baseUrl === null ? undefined : URL.parse(baseUrl)?.hostname;
    return Object.keys(this.providers).find((name) => this.providers[name]?.hosts.includes(host ?? ''));
  }
}

let loading: Promise<ModelTable> | null = null;

/** Returns the table, which an isolate loads once. */
export function loadModelTable(): Promise<ModelTable> {
  loading ??= import('./model-data.json', { with: { type: 'json' } }).then(
    ({ default: data }) => new ModelTable(data.providers as Readonly<Record<string, ProviderRows>>),
  );
  return loading;
}

function ownRow(rows: Readonly<Record<string, ModelRow>>, name: string): ModelRow | undefined {
  return Object.hasOwn(rows, name) ? rows[name] : undefined;
}

/** Drops the date of a snapshot, or `-latest`. */
function undated(name: string): string {
  return name.replace(/-(\d{4}-\d{2}-\d{2}|\d{8}|latest)$/, '');
}
