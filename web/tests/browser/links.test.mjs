// Links say exactly what was shared, or say loudly that they cannot.

import { readFileSync } from 'node:fs';
import { facts, searched, seek, until, visit, words } from './page.mjs';

const FIXTURE = JSON.parse(readFileSync(new URL('./digests.json', import.meta.url), 'utf8'));

export default {
  'a copied link shows the states that were computed natively': async ({ open, page, url, assert }) => {
    await open(url + FIXTURE.link);
    const { length, step } = await facts(page);
    assert.equal(length + 1, FIXTURE.digests.length);
    assert.equal(step, length);
    for (let at = 0; at <= length; at += 1) {
      const now = await seek(page, at);
      assert.equal(now.digest, FIXTURE.digests[at], `step ${at}`);
    }
  },

  'no cut of a copied link opens anything': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    const before = await facts(page);
    const link = FIXTURE.link;
    for (let end = 2; end < link.length; end += 1) {
      await page.evaluate((to) => {
        location.hash = to;
      }, link.slice(0, end));
      const loud = page.locator('.notice.loud');
      await loud.waitFor();
      const now = await facts(page);
      assert.deepEqual([now.scenario, now.step, now.digest], [before.scenario, before.step, before.digest], `cut at ${end}`);
      await page.keyboard.press('Escape');
      await loud.waitFor({ state: 'detached' });
    }
    await visit(page, link);
    await until(page, (now) => now.scenario === 'writer-in-queue' && now.step === FIXTURE.digests.length - 1);
  },

  'a bad link on arrival is said, and nothing runs': async ({ open, page, url, assert, shot }) => {
    await open(`${url}${FIXTURE.link.slice(0, -7)}`);
    await page.locator('.notice.loud').waitFor();
    assert.match(await words(page, '.notice.loud'), /cut: \d+ of \d+ characters arrived/);
    assert.match(await words(page, '.notice.loud'), /not what the link holds/);
    const now = await facts(page);
    assert.deepEqual([now.step, now.playing], [0, 'false']);
    await shot('cut-link');
  },

  'an unknown scenario can be read on a phone': async ({ open, page, url, assert }) => {
    await page.setViewportSize({ width: 390, height: 844 });
    await open(`${url}#v1/nope`);
    const notice = page.locator('.notice.loud');
    await notice.waitFor();
    const heading = await notice.locator('h2').boundingBox();
    assert.ok(heading.y >= 0, `the heading is ${heading.y} px down`);
    for (const button of await notice.locator('button').all()) {
      await button.scrollIntoViewIfNeeded();
      const box = await button.boundingBox();
      assert.ok(box.y >= 0 && box.y + box.height <= 844, `a button at ${box.y}`);
    }
  },

  'the address follows the run': async ({ open, page, newPage, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    for (let n = 0; n < 5; n += 1) await page.keyboard.press('ArrowRight');
    await until(page, (now) => now.step === 5);
    await page.waitForTimeout(600);
    const address = page.url();
    assert.match(address, /#c1\./);
    const here = await facts(page);
    const other = await newPage();
    await open(address, other);
    const there = await facts(other);
    assert.deepEqual([there.step, there.length, there.digest], [here.step, here.length, here.digest]);
  },

  'back and forward go between scenarios': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    const choose = async (id) => {
      await page.getByRole('button', { name: 'Scenarios' }).click();
      await page.locator(`[data-scenario="${id}"]:not(#page)`).first().click();
      await until(page, (now) => now.scenario === id);
    };
    await choose('munlock-oops');
    await choose('imutex-livelock');
    await page.keyboard.press('ArrowRight');
    await until(page, (now) => now.step === 1);
    await page.waitForTimeout(600);
    await page.goBack();
    await until(page, (now) => now.scenario === 'munlock-oops');
    await page.goBack();
    await until(page, (now) => now.scenario === 'writer-in-queue');
    await page.goForward();
    await page.goForward();
    const last = await until(page, (now) => now.scenario === 'imutex-livelock');
    assert.equal(last.step, 1, 'the place is remembered with its step');
  },

  'share shows both links and the snippet': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    await searched(page);
    await page.getByRole('button', { name: 'Share' }).click();
    const share = page.locator('dialog[open]');
    await share.waitFor();
    const fields = await share.locator('input, pre').evaluateAll((all) => all.map((field) => field.value ?? field.textContent));
    const links = fields.filter((text) => text.startsWith(url));
    assert.ok(links.length >= 2, fields.join(' | '));
    assert.ok(fields.some((text) => text.startsWith('<iframe') && text.includes('embed=1')), fields.join(' | '));
    assert.ok(links.every((link) => link.length <= 400 + url.length), 'short');
  },
};
