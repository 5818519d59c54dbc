// The deciding step below the verdict: one sentence, and two runs a press away.

import { readFileSync } from 'node:fs';
import { facts, searched, until, words } from './page.mjs';

const CROWD = JSON.parse(readFileSync(new URL('./crowd.json', import.meta.url), 'utf8')).link;
const SIZES = { desktop: [1440, 900], laptop: [1280, 720], tablet: [820, 1180], phone: [390, 844] };

const step = async (page) => Number((await words(page, '#why-bad')).match(/step (\d+)/)[1]);

/** Where everything below the verdict begins, and how high the line is. */
const places = (page) =>
  page.evaluate(() => ['.work', '#why', '#stage'].map((it) => {
    const box = document.querySelector(it).getBoundingClientRect();
    return [it, Math.round(box.top + window.scrollY), it === '#why' ? Math.round(box.height) : 0];
  }));

/** Through all that the line can say, nothing else moves. */
const still = (width, height) => async ({ newPage, open, url, assert }) => {
  const page = await newPage({ viewport: { width, height } });
  await open(url + CROWD, page);
  await until(page, (now) => now.searching === 'true');
  assert.match(await words(page, '#why'), /Looking for the step/);
  const before = await places(page);
  await page.locator('#cancel-search').click();
  await until(page, (now) => now.searching === 'false');
  assert.match(await words(page, '#why'), /unknown/);
  assert.deepEqual(await places(page), before);
  await open(`${url}#v1/writer-in-queue`, page);
  await searched(page);
  await page.locator('#why-bad').waitFor();
  assert.equal((await places(page))[1][2], before[1][2]);
  for (const side of ['good', 'bad']) {
    const known = await places(page);
    await page.locator(`#why-${side}`).click();
    await searched(page);
    assert.deepEqual(await places(page), known, side);
  }
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wide <= 0, `${wide} px wider than the window`);
};

export default {
  'the sentence names the step, and keys alone open both runs there': async ({ open, page, url, assert, shot }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    const decides = await step(page);
    assert.match(await words(page, '#why .why-say'), new RegExp(`^Step ${decides} decides: it locks up `));
    assert.equal(await page.locator('#why').getAttribute('aria-label'), 'The deciding step');
    await page.locator('#why-good').focus();
    await page.keyboard.press('Enter');
    const good = await until(page, (now) => now.step === decides && now.verdict !== 'unknown');
    assert.notEqual(good.verdict, 'doomed');
    assert.equal(await page.locator('#why-good').getAttribute('aria-pressed'), 'true');
    await shot('why-good');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    const bad = await until(page, (now) => now.step === decides && now.digest !== good.digest && now.verdict !== 'unknown');
    assert.equal(bad.verdict, 'doomed');
    assert.equal(await page.locator('#why-bad').getAttribute('aria-pressed'), 'true');
    assert.equal(await step(page), decides, 'the pair stays');
    await page.keyboard.press('Control+z');
    await page.keyboard.press('Control+z');
    assert.equal((await until(page, (now) => now.length === stuck.length)).length, stuck.length);
  },

  'x and g open the bad and the good run': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    await searched(page);
    const decides = await step(page);
    const opened = async (key, id) => {
      await page.keyboard.press(key);
      await until(page, (now) => now.step === decides && now.verdict !== 'unknown');
      assert.equal(await page.locator(id).getAttribute('aria-pressed'), 'true', key);
      return facts(page);
    };
    const good = await opened('g', '#why-good');
    const bad = await opened('x', '#why-bad');
    assert.notEqual(good.digest, bad.digest);
    await page.keyboard.press('?');
    assert.match(await words(page, 'dialog[open] .keys'), /the bad run, the good run/);
  },

  ...Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [`nothing moves when the words come, ${name}`, still(...size)])),

  'an oops is explained before it happens': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await page.locator('#why-bad').waitFor();
    assert.match(await words(page, '#why'), /it comes to an oops/);
    assert.equal((await facts(page)).step, 0);
  },
};
