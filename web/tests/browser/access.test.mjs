// The page for everybody: axe in both themes, less motion, one polite voice.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { facts, searched, until } from './page.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Runs axe in the page; the page's policy lets the driver's own scripts through. */
const violations = async (page) => {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => node.target.join(' ')).join(' | ')}`);
};

const audit = (options, hash, before = async () => {}) => async ({ newPage, open, url, assert }) => {
  const page = await newPage({ reducedMotion: 'reduce', ...options });
  await open(`${url}${hash}`, page);
  await searched(page);
  await before(page);
  assert.deepEqual(await violations(page), []);
};

const dialog = (name) => async (page) => {
  await page.getByRole('button', { name }).first().click();
  await page.locator('dialog, [role=dialog]').first().waitFor();
};

/** The run that does not go wrong, opened from below the verdict. */
const goodRun = async (page) => {
  await page.locator('#why-good').click();
  await searched(page);
};

export default {
  'axe finds nothing in the light theme': audit({ colorScheme: 'light' }, '#v1/writer-in-queue?at=stuck'),
  'axe finds nothing in the dark theme': audit({ colorScheme: 'dark' }, '#v1/writer-in-queue?at=stuck'),
  'axe finds nothing at the start': audit({}, '#v1/munlock-oops'),
  'axe finds nothing in the strips': audit({}, '#v1/notifier-eras?at=second'),
  'axe finds nothing on a phone': audit({ viewport: { width: 390, height: 844 } }, '#v1/writer-in-queue?at=stuck'),
  'axe finds nothing in the embedded page': audit({ viewport: { width: 800, height: 450 } }, '?embed=1#v1/writer-in-queue?at=stuck'),
  'axe finds nothing in the gallery': audit({}, '#v1/writer-in-queue', dialog('Scenarios')),
  'axe finds nothing in the matrix': audit({}, '#v1/munlock-oops', async (page) => {
    await page.locator('#matrix').click();
    await page.locator('#matrix-table .way').first().waitFor();
  }),
  'axe finds nothing in the map': audit({}, '#v1/munlock-oops', async (page) => {
    await page.locator('#map').click();
    await page.locator('#state-map').waitFor();
  }),
  'axe finds nothing beside an open pair of runs, light': audit({ colorScheme: 'light' }, '#v1/writer-in-queue', goodRun),
  'axe finds nothing beside an open pair of runs, dark': audit({ colorScheme: 'dark' }, '#v1/writer-in-queue', goodRun),
  'axe finds nothing in Share': audit({}, '#v1/writer-in-queue', dialog('Share')),
  'axe finds nothing beside a cut link': audit({}, '#c1.99.abc'),

  'less motion: no transitions, and playing is slow': async ({ newPage, open, url, assert }) => {
    const page = await newPage({ reducedMotion: 'reduce' });
    await open(`${url}#v1/writer-in-queue`, page);
    assert.equal(await page.locator('html').getAttribute('data-motion'), 'reduced');
    for (let n = 0; n < 8; n += 1) await page.keyboard.press('+');
    const clock = Date.now();
    await page.keyboard.press('Space');
    await until(page, (now) => now.step >= 2);
    assert.ok(Date.now() - clock > 700, 'two steps a second at most');
    const moving = await page.evaluate(() => document.getAnimations().filter((it) => it.playState === 'running').length);
    assert.equal(moving, 0);
  },

  'the caption speaks while paused and is silent while playing': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    assert.equal(await page.locator('#caption').getAttribute('aria-live'), 'polite');
    await page.keyboard.press('Space');
    await until(page, (now) => now.playing === 'true');
    assert.equal(await page.locator('#caption').getAttribute('aria-live'), 'off');
    await page.keyboard.press('Space');
    await until(page, (now) => now.playing === 'false');
    assert.equal((await facts(page)).playing, 'false');
  },
};
