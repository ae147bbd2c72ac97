// `npm run build`: what a deploy would upload, in dist/, with its size.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runProgram } from './failure.ts';
import { inRepository } from './repository.ts';
import { runWrangler } from './wrangler.ts';

await runProgram(build);

async function build(): Promise<void> {
  const folder = inRepository('dist');
  rmSync(folder, { recursive: true, force: true });
  await runWrangler(
    ['deploy', '--dry-run', '--minify', '--outdir', folder, '--config', inRepository('wrangler.toml')],
    {
      purpose: 'the build',
    },
  );
  for (const name of readdirSync(folder).filter((file) => /\.(js|wasm)$/.test(file))) {
    const bytes = readFileSync(join(folder, name));
    console.log(
      `dist/${name}  ${kilobytes(bytes.length)}  (gzip ${kilobytes(gzipSync(bytes, { level: 9 }).length)})`,
    );
  }
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
