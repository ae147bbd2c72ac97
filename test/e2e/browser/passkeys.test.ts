// Tests passkeys in a real Chromium with a virtual authenticator (the WebAuthn domain of the DevTools protocol).
import type { CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type DashboardWorld, logIn, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

let world: DashboardWorld;
let home: string;

/** Adds a virtual authenticator that always verifies its user. */
async function addAuthenticator(page: Page): Promise<{ session: CDPSession; authenticatorId: string }> {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
}

async function addPasskey(page: Page, name: string): Promise<void> {
  await page.goto(`${home}/dashboard/account`);
  await page.getByLabel('Passkey name').fill(name);
  await page.getByRole('button', { name: 'Add passkey' }).click();
}

async function logOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
}

const withPasskey = (page: Page) => page.getByRole('button', { name: 'Log in with a passkey' });

describe.runIf(haveChromium)('passkeys', () => {
  beforeAll(async () => {
    world = await startDashboard();
    // A passkey belongs to a host name, not to an IP address.
    home = world.relay.url.replace('127.0.0.1', 'localhost');
    const { context, page } = await newVisitor(world.browser);
    await setUp(page, home);
    await context.close();
  });
  afterAll(() => world?.stop());

  it('are added on the account page, sign in afterwards, and stop working once deleted', async () => {
    const { context, page, problems } = await newVisitor(world.browser);
    const { session, authenticatorId } = await addAuthenticator(page);
    await logIn(page, home);
    await addPasskey(page, 'Laptop');
    await page.getByText('Laptop · Last used: never').waitFor();
    expect((await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials).toHaveLength(1);
    await logOut(page);
    await withPasskey(page).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${home}/dashboard/account`);
    expect(await page.getByText('Laptop · Last used: never').count()).toBe(0);
    await page.getByRole('listitem').filter({ hasText: 'Laptop' }).getByRole('button').click();
    await page.getByText('No passkeys yet.').waitFor();
    await logOut(page);
    expect(problems).toEqual([]);
    await withPasskey(page).click();
    await page.getByText('This passkey isn’t registered here.').waitFor();
    await context.close();
  });

  it('are not registered twice for one account on one device', async () => {
    const { context, page } = await newVisitor(world.browser);
    await addAuthenticator(page);
    await logIn(page, home);
    await addPasskey(page, 'Phone');
    await page.getByText('Phone · Last used').waitFor();
    await addPasskey(page, 'Phone again');
    await page.getByText('This device already has a passkey for this account.').waitFor();
    await context.close();
  });

  it('are refused from another origin, for another purpose, and when an answer is replayed', async () => {
    const { context, page } = await newVisitor(world.browser);
    await addAuthenticator(page);
    await logIn(page, home);
    await addPasskey(page, 'Key');
    await page.getByText('Key · Last used').waitFor();
    await logOut(page);
    const sent: unknown[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/login/passkey')) sent.push(request.postDataJSON());
    });
    await withPasskey(page).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    const [answer] = sent as [{ state: string; response: object }];
    const again = async (body: object, address = home) => {
      const headers = { 'content-type': 'application/json', origin: address };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      return (await fetch(`${address}/dashboard/login/passkey`, init)).status;
    };
    expect(await again(answer)).toBe(401);
    expect(await again(answer, world.relay.url)).toBe(401);
    const other = await fetch(`${home}/dashboard/login/passkey/options`, {
      method: 'POST',
      headers: { origin: home },
    });
    expect(await again({ ...answer, state: ((await other.json()) as { state: string }).state })).toBe(401);
    expect(await again({ ...answer, state: 'nonsense' })).toBe(401);
    expect(await again({ response: {} })).toBe(400);
    await context.close();
  });
});
