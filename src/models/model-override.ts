// What an operator says about a model, for lists: each member wins over the bundle's table. Absent: the table's value.
import type { ModelRow } from './model-table.ts';

export interface ModelOverride {
  name?: string | undefined;
  /** Tokens. */
  context?: number | undefined;
  output?: number | undefined;
  input?: readonly string[] | undefined;
  /** Levels of reasoning from least to most; empty: it does not reason. */
  efforts?: readonly string[] | undefined;
  /** `YYYY-MM-DD`: the last day. Null: it has none, whatever the table says. */
  endsOn?: string | null | undefined;
}

/** An override of exactly one name, as it is stored. */
export interface StoredModelOverride {
  model: string;
  fields: ModelOverride;
  updatedAtMs: number;
}

/** What a list says of a model, besides its price. */
export interface ModelFacts {
  name: string | null;
  context: number | null;
  output: number | null;
  input: readonly string[] | null;
  efforts: readonly string[] | null;
  endsOn: string | null;
}

/** Returns the last day, or null. */
export function endInForce({ endsOn }: ModelOverride = {}, announced: string | null): string | null {
  return endsOn === undefined ? announced : endsOn;
}

/** Joins what the table, the table of end dates, and the operator say. */
export function factsOf(
  row: ModelRow | null,
  announcedEnd: string | null,
  override: ModelOverride = {},
): ModelFacts {
  const efforts = override.efforts ?? row?.efforts ?? [];
  return {
    name: override.name ?? row?.name ?? null,
    context: override.context ?? row?.context ?? null,
    output: override.output ?? row?.output ?? null,
    input: override.input ?? row?.input ?? null,
    efforts: efforts.length === 0 ? null : efforts,
    endsOn: endInForce(override, announcedEnd),
  };
}
