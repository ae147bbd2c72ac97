// Bindings that are commented out in wrangler.toml, because not every account, and no local runtime, provides
// them.
import { parseArgs } from 'node:util';
import type { Unstable_RawConfig as RawConfig } from 'wrangler';
import { CommandFailure, describeError } from '../failure.ts';

export type OptionalBinding = 'ai';

/** By the name for `--with`: the binding's name in the Worker, and its configuration. */
export const optionalBindings: Readonly<
  Record<OptionalBinding, { readonly binding: string; readonly configuration: RawConfig }>
> = {
  ai: { binding: 'AI', configuration: { ai: { binding: 'AI' } } },
};

/** The command line's changes to the deployed Worker's bindings. */
export interface BindingChanges {
  readonly with: readonly OptionalBinding[];
  readonly without: readonly OptionalBinding[];
}

/** Reads `--with NAME` and `--without NAME`, each any number of times. Throws CommandFailure for anything else. */
export function readBindingChanges(parameters: readonly string[]): BindingChanges {
  try {
    const options = {
      with: { type: 'string', multiple: true },
      without: { type: 'string', multiple: true },
    } as const;
    const { values } = parseArgs({ args: [...parameters], options });
    return { with: checkNames(values.with), without: checkNames(values.without) };
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(`${describeError(error)}\noptions: --with ${names}, --without ${names}`);
  }
}

/** Returns the optional bindings to deploy: those of the Worker, changed as requested. */
export function bindingsToDeploy(
  deployed: readonly string[],
  changes: BindingChanges,
): readonly OptionalBinding[] {
  const all = Object.keys(optionalBindings) as OptionalBinding[];
  return all.filter(
    (name) =>
      !changes.without.includes(name) &&
      (changes.with.includes(name) || deployed.includes(optionalBindings[name].binding)),
  );
}

const names = Object.keys(optionalBindings).join('|');

function checkNames(given: readonly string[] = []): OptionalBinding[] {
  return given.map((name) => {
    if (name in optionalBindings) return name as OptionalBinding;
    throw new CommandFailure(`there is no optional binding ${JSON.stringify(name)}; there is: ${names}`);
  });
}
