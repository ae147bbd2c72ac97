// `npm run reconcile -- --url URL --key ADMIN_KEY [--repair]`: compares a relay's ledgers, log, and roll-ups.
// Prints every difference; the exit code is 1 when one is left. Changes nothing without --repair.
import { CommandFailure, runProgram } from './failure.ts';
import { type Comparison, comparisons, repair } from './reconcile/comparisons.ts';
import { linesOf, summaryOf } from './reconcile/report.ts';
import { readTransferOptions } from './transfer/options.ts';

await runProgram(async () => {
  const options = readTransferOptions(process.argv.slice(2), process.env, 'repair');
  const all: Comparison[] = [];
  for await (const found of comparisons(options)) {
    for (const line of linesOf(found)) console.log(line);
    const isToMend = options.isSwitchedOn && found.differences.length > 0;
    const result = isToMend ? await repair(options, found.token_id) : found;
    if (isToMend)
      console.log(`  ${result.differences.length === 0 ? 'repaired' : 'not repaired, differs still'}`);
    all.push(result);
  }
  console.log(summaryOf(options.url.origin, all));
  const left = all.filter(({ differences, busy }) => differences.length > 0 || busy);
  if (left.length > 0) {
    const how = options.isSwitchedOn ? '' : ' (--repair brings the log into line with the ledgers)';
    throw new CommandFailure(
      `${left.length} of ${all.length} tokens do not agree, or could not be compared${how}`,
    );
  }
});
