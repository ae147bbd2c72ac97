// Names the versions of the agents' packages, and installs them.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Tested on 2026-11-30. To test a newer version, change its line. */
const versions = {
  '@anthropic-ai/claude-code': '2.1.332',
  '@openai/codex': '0.171.0',
  '@google/gemini-cli': '0.61.0',
  '@github/copilot': '1.0.102',
  'opencode-ai': '1.18.33',
  '@earendil-works/pi-coding-agent': '1.6.0',
  // Counts tokens as o200k models do, independently of the relay's estimate.
  'js-tiktoken': '1.0.21',
} as const;

/** Returns the path of a program in one of the packages. */
export const programIn = (folder: string, name: string) => join(folder, 'node_modules/.bin', name);

/** Returns the folder of a package, for `import()`. */
export const packageIn = (folder: string, name: keyof typeof versions) => join(folder, 'node_modules', name);

/**
 * Installs the packages from npm into the folder AGENTS_FOLDER, which is reused while the versions are the same,
 * or into a temporary one that `remove` deletes. Throws if npm fails.
 */
export function installPackages(): { folder: string; remove(): void } {
  const cache = process.env.AGENTS_FOLDER;
  const folder = cache ?? mkdtempSync(join(tmpdir(), 'relay-agents-'));
  const wanted = JSON.stringify({ private: true, dependencies: versions });
  const manifest = join(folder, 'package.json');
  const marker = join(folder, 'installed.json');
  if (!existsSync(marker) || readFileSync(marker, 'utf8') !== wanted) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(manifest, wanted);
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    writeFileSync(marker, wanted);
  }
  return {
    folder,
    remove: () => {
      if (cache === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}
