// `npm run deploy [-- --with ai]`: the relay on Cloudflare.
import { resolve } from 'node:path';
import { DeploymentFile } from './deploy/deployment.ts';
import { readBindingChanges } from './deploy/optional-bindings.ts';
import { deployRelay } from './deploy/run.ts';
import { runProgram } from './failure.ts';
import { inRepository } from './repository.ts';
import { runWrangler } from './wrangler.ts';

await runProgram(async () => {
  const isServing = await deployRelay({
    file: new DeploymentFile(resolve(process.env.DEPLOY_FILE || inRepository('.deploy.json'))),
    changes: readBindingChanges(process.argv.slice(2)),
    environment: process.env,
    isTerminal: process.stdout.isTTY === true,
    run: runWrangler,
    print: console.log,
  });
  if (!isServing) process.exitCode = 1;
});
