// `npm run doctor [-- --url URL --key ADMIN_KEY]`: checks a local or deployed relay. Prints each finding with its
// remedy; the exit code is 1 when something is broken.
import { examine, linesOf, summaryOf } from './doctor/examine.ts';
import { runProgram } from './failure.ts';
import { readTransferOptions } from './transfer/options.ts';

await runProgram(async () => {
  const { url, key } = readTransferOptions(process.argv.slice(2), process.env);
  const findings = await examine({ url, key });
  for (const line of linesOf(findings)) console.log(line);
  console.log(summaryOf(findings));
  if (findings.some(({ status }) => status === 'broken')) process.exitCode = 1;
});
