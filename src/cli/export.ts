// `npm run export -- --url URL --key ADMIN_KEY [--file FILE] [--force]`: a relay's tokens (hashes),
// channels, prices, accounts (passwords as hashes) and balances as a file, for its owner only.
import { resolve } from 'node:path';
import { runProgram } from './failure.ts';
import { assertWritable, countsIn, writeDocument } from './transfer/document.ts';
import { readTransferOptions } from './transfer/options.ts';
import { exportPages } from './transfer/pages.ts';

const defaultFile = 'relay-export.json';

await runProgram(async () => {
  const options = readTransferOptions(process.argv.slice(2), process.env, 'force');
  const file = options.file ?? resolve(options.folder, defaultFile);
  assertWritable(file, options.isSwitchedOn);
  const document = await exportPages(options);
  writeDocument(file, document);
  console.log(`exported from ${options.url.origin} to ${file}: ${countsIn(document)}`);
  console.log('The keys of channels in it open only under the same ENCRYPTION_KEY.');
});
