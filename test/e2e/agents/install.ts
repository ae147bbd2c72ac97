// Before the first of the agents' tests: installs the packages that all of them run, and removes them after the last.
import type { TestProject } from 'vitest/node';
import { installPackages } from './packages.ts';

declare module 'vitest' {
  interface ProvidedContext {
    agentsFolder: string;
  }
}

export default function install({ provide }: TestProject): () => void {
  const { folder, remove } = installPackages();
  provide('agentsFolder', folder);
  return remove;
}
