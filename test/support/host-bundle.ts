// Before the first test that starts a relay: the bundle that they all run, made once and not by each of them at the same time.
import { hostBundle } from '../../src/cli/host/bundle.ts';

export default async function prepare(): Promise<void> {
  await hostBundle();
}
