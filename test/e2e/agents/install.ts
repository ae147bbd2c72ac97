// Installs the agents' packages before the first test, and removes them after the last.
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
