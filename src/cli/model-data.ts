// `npm run model-data`: extracts limits, modalities and reasoning levels of models from @earendil-works/pi-ai (MIT)
// into src/models/model-data.json. The package itself is no dependency. A new version is a new number here.
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runProgram } from './failure.ts';
import { extractModelData, modelDataText, type SourceModel } from './model-data/extract.ts';
import { inRepository } from './repository.ts';

const source = { package: '@earendil-works/pi-ai', version: '1.6.0', license: 'MIT' } as const;
const run = promisify(execFile);

await runProgram(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'model-data-'));
  try {
    await run('npm', ['pack', '--silent', `${source.package}@${source.version}`], { cwd: folder });
    const [archive = ''] = readdirSync(folder);
    await run('tar', ['-xzf', archive], { cwd: folder });
    const providers = extractModelData(readProviders(`${folder}/package/dist/providers/data`));
    writeFileSync(inRepository('src/models/model-data.json'), modelDataText(source, providers));
    console.log(`${Object.keys(providers).length} providers of ${source.package} ${source.version}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Returns the models of each provider's file, by the file's name. A file has them by API and name. */
function readProviders(folder: string): Record<string, SourceModel[]> {
  const files = readdirSync(folder).filter((name) => /^\w.*\.json$/.test(name));
  return Object.fromEntries(
    files.map((name) => {
      const apis: Record<string, Record<string, SourceModel>> = JSON.parse(
        readFileSync(join(folder, name), 'utf8'),
      );
      return [name.replace('.json', ''), Object.values(apis).flatMap((models) => Object.values(models))];
    }),
  );
}
