// `npm run rotate-encryption-key [-- --url URL --key ADMIN_KEY]`: replaces the ENCRYPTION_KEY of the local relay,
// or of the deployed one at that address, while it serves. Safe to run again: an interrupted run continues.
import { resolve } from 'node:path';
import { DeploymentFile } from './deploy/deployment.ts';
import { devVarsPath } from './dev-vars.ts';
import { CommandFailure, runProgram } from './failure.ts';
import { inRepository } from './repository.ts';
import { withLocalRelay } from './rotate/local-relay.ts';
import { rotate } from './rotate/rotation.ts';
import { deployedSecrets, localSecrets } from './rotate/secrets.ts';
import { isLocal, readTransferOptions } from './transfer/options.ts';

await runProgram(async () => {
  const options = readTransferOptions(process.argv.slice(2), process.env);
  if (isLocal(options.url)) {
    await withLocalRelay(options, localSecrets(devVarsPath()), rotate);
  } else {
    await rotate(options, deployedSecrets(deploymentFile()));
  }
  process.exit();
});

function deploymentFile(): DeploymentFile {
  const file = new DeploymentFile(resolve(process.env.DEPLOY_FILE || inRepository('.deploy.json')));
  if (file.deployment.name === undefined) {
    throw new CommandFailure('there is no .deploy.json here: run this where `npm run deploy` was run');
  }
  return file;
}
