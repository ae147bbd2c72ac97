// The upload: `wrangler deploy` with the merged configuration, including missing secrets.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePrivateFile } from '../private-file.ts';
import type { RunWrangler } from '../wrangler.ts';

/**
 * Uploads the Worker and resolves with its addresses. The secrets are uploaded with the script in one step, so
 * there is never a Worker without them. Other secrets stay as they are.
 */
export async function upload(
  config: string,
  secrets: Readonly<Record<string, string>>,
  run: RunWrangler,
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'relay-deploy-'));
  try {
    const outcome = join(folder, 'outcome.ndjson');
    const parameters = ['deploy', '--config', config];
    if (Object.keys(secrets).length > 0) {
      const file = join(folder, 'secrets.json');
      writePrivateFile(file, JSON.stringify(secrets));
      parameters.push('--secrets-file', file);
    }
    const environment = { WRANGLER_OUTPUT_FILE_PATH: outcome };
    await run(parameters, { purpose: 'the upload', show: true, environment });
    return addressesIn(outcome);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From wrangler's machine-readable log of the run. */
function addressesIn(outcome: string): string[] {
  const entries = readFileSync(outcome, 'utf8').split('\n').filter(Boolean).map(parseEntry);
  const targets = entries.find(({ type }) => type === 'deploy')?.targets ?? [];
  return targets
    .map((target) => target.replace(/ \(custom domain\)$/, ''))
    .filter((target) => target.includes('.'));
}

function parseEntry(line: string): { type?: string; targets?: string[] } {
  return JSON.parse(line) as { type?: string; targets?: string[] };
}
