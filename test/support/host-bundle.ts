// Builds the bundle of all relays once, before the first test that starts one.
import { hostBundle } from '../../src/cli/host/bundle.ts';

export default async function prepare(): Promise<void> {
  await hostBundle();
}
