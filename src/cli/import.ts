// `npm run import -- --url URL --key ADMIN_KEY --file FILE`: an exported file into a relay.
import { CommandFailure, runProgram } from './failure.ts';
import { countsIn, readDocument, warningsIn } from './transfer/document.ts';
import { readTransferOptions } from './transfer/options.ts';
import { importPages } from './transfer/pages.ts';

await runProgram(async () => {
  const options = readTransferOptions(process.argv.slice(2), process.env);
  if (options.file === null)
    throw new CommandFailure('which file? Pass --file, e.g. --file relay-export.json');
  const answer = await importPages(options, readDocument(options.file), (done, of) =>
    console.log(`tokens ${done} of ${of}`),
  );
  console.log(`imported into ${options.url.origin}: ${countsIn(answer)}`);
  for (const warning of warningsIn(answer)) console.warn(`warning: ${warning}`);
});
