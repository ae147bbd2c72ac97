// Tests the channel form in a real browser without script: it shows the fields of the chosen provider.
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { haveChromium } from '../../support/chromium.ts';
import { type DashboardWorld, newVisitor, setUp, startDashboard } from './dashboard-world.ts';

let world: DashboardWorld;
let page: Page;
let problems: string[];

describe.runIf(haveChromium)('the channel form', () => {
  beforeAll(async () => {
    world = await startDashboard();
    ({ page, problems } = await newVisitor(world.browser, { javaScriptEnabled: false }));
    await setUp(page, world.relay.url);
  });
  afterAll(() => world?.stop());

  const shown = async () => {
    const labels = ['AWS region', 'Location', 'Project'];
    const visible = await Promise.all(
      labels.map((label) => page.getByLabel(label, { exact: true }).isVisible()),
    );
    return labels.filter((_label, index) => visible[index]);
  };

  it.each([
    ['openai', [], ''],
    ['bedrock', ['AWS region'], 'ACCESS_KEY_ID:SECRET_ACCESS_KEY'],
    ['vertex', ['Location', 'Project'], 'The whole JSON file of a service account'],
    ['workers-ai', [], 'own binding is used'],
  ])('for provider %s shows the fields %j', async (provider, labels, help) => {
    await page.goto(`${world.relay.url}/dashboard/channels/new`);
    await page.getByLabel('Provider', { exact: true }).selectOption(provider);
    expect(await shown()).toEqual(labels);
    const text = await page.locator('main').innerText();
    for (const form of ['ACCESS_KEY_ID:SECRET', 'JSON file of a service account', 'own binding is used']) {
      expect(text.includes(form)).toBe(help.includes(form));
    }
  });

  it('creates a channel from a multi-line service account file', async () => {
    await page.goto(`${world.relay.url}/dashboard/channels/new`);
    await page.getByLabel('Provider', { exact: true }).selectOption('vertex');
    const email = 'relay@our-project.iam.gserviceaccount.com';
    const key = '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n';
    const file = {
      type: 'service_account',
      client_email: email,
      private_key: key,
      project_id: 'our-project',
    };
    await page.getByLabel('Key', { exact: true }).fill(JSON.stringify(file, null, 2));
    await page.getByLabel('Location', { exact: true }).fill('europe-west1');
    await page.getByRole('button', { name: 'Submit', exact: true }).click();
    await page.getByRole('heading', { name: 'Channels' }).waitFor();
    expect(await page.locator('main').innerText()).toContain(email);
    expect(problems).toEqual([]);
  });
});
