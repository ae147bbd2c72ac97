// `npm run build`: what a deploy uploads, in dist/, with its size. Wrangler runs it at each deploy (wrangler.toml, [build]).
import { gzipSync } from 'node:zlib';
import { runProgram } from './failure.ts';
import { inRepository } from './repository.ts';
import { type BundledModule, bundleWorker, writeBundle } from './worker-bundle.ts';

await runProgram(async () => {
  const bundle = await bundleWorker(inRepository('src/index.ts'));
  writeBundle(bundle, inRepository('dist'));
  const { modules } = bundle;
  console.log(
    sizeLine(
      'at the start',
      modules.filter(({ isLoadedAtStart }) => isLoadedAtStart),
    ),
  );
  console.log(
    sizeLine(
      'on demand',
      modules.filter(({ isLoadedAtStart }) => !isLoadedAtStart),
    ),
  );
});

function sizeLine(when: string, modules: readonly BundledModule[]): string {
  const sizes = modules.map(({ contents }) => [contents.length, gzipSync(contents, { level: 9 }).length]);
  const [bytes, compressed] = [0, 1].map((index) => sizes.reduce((sum, size) => sum + (size[index] ?? 0), 0));
  return `dist: ${modules.length} modules loaded ${when}, ${kilobytes(bytes)} (gzip ${kilobytes(compressed)})`;
}

function kilobytes(bytes = 0): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}
