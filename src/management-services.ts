// The services of the management API and the pages.
import { version } from '../package.json';
import { alertsOf } from './alerts/alerts.ts';
import type { ManagementServices } from './dashboard/api/services.ts';
import type { Env } from './env.ts';
import { report } from './lib/log.ts';
import { AccountLedgerClient } from './quota/account-client.ts';
import { discoverModels, testChannel } from './relay/upstream/channel-probe.ts';
import { servicesOf } from './services.ts';

/** Builds the services of the management API and the pages. Loaded on demand, with them. */
export async function managementServices(
  env: Env,
  background: (work: Promise<unknown>) => void,
): Promise<ManagementServices> {
  const [{ AccountStore }, { PasskeyStore }, { IdentityStore }, { ModelDirectory }] = await Promise.all([
    import('./dashboard/accounts/account-store.ts'),
    import('./dashboard/accounts/passkey-store.ts'),
    import('./dashboard/accounts/identity-store.ts'),
    import('./routing/model-directory.ts'),
  ]);
  const services = servicesOf(env);
  return {
    ...services,
    version,
    adminKey: services.config.adminKey,
    encryptionKey: services.config.encryptionKey,
    encryptionKeys: services.config.encryptionKeys,
    logRetentionMs: services.config.logRetentionMs,
    db: env.DB,
    accounts: new AccountStore(env.DB),
    passkeys: new PasskeyStore(env.DB),
    identities: new IdentityStore(env.DB),
    directory: new ModelDirectory({ ...services, background, now: Date.now }),
    accountLedgers: new AccountLedgerClient(env.ACCOUNTS),
    onChannelsChanged: () => services.catalog.refresh(Date.now()),
    testChannel: (channelId, model, keyId) => testChannel(services, channelId, model, keyId ?? null),
    discoverModels: (channelId) => discoverModels(services, channelId),
    channelHealth: () => services.health.known(),
    resetChannelHealth: (targets) => services.health.reset(targets),
    diagnose: async () =>
      (await import('./dashboard/doctor/diagnose.ts')).diagnose(env, services, Date.now()),
    alerts: alertsOf(env.HEALTH),
    allowPrivateWebhooks: env.ALLOW_PRIVATE_WEBHOOKS === '1',
    report,
    now: Date.now,
  };
}
