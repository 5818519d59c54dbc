// The map of all states, and the ring of a livelock.

import { searched, until, words } from './page.mjs';

export default {
  'the map draws every state, a press goes there': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await searched(page);
    await page.locator('#map').click();
    await page.locator('#state-map').waitFor();
    const label = await page.locator('#state-map').getAttribute('aria-label');
    assert.match(label, /^[\d,]+ states in \d+ layers/);
    const box = await page.locator('#state-map').boundingBox();
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const there = await until(page, (now) => now.step > 0, 'a step in the middle');
    assert.equal(there.step, there.length);
    assert.equal(await page.locator('dialog[open]').count(), 0);
    await page.locator('#undo').click();
    await until(page, (now) => now.step === 0);
  },

  'the map as a table, by keys': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await searched(page);
    await page.keyboard.press('s');
    await page.locator('#state-map').waitFor();
    await page.locator('.map summary').focus();
    await page.keyboard.press('Enter');
    const doomed = page.locator('#map-table tbody tr').nth(4).locator('button').first();
    await doomed.focus();
    await page.keyboard.press('Enter');
    const there = await until(page, (now) => now.step === 4);
    assert.equal(there.length, 4);
  },

  'a space that is too large says so': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue-pinned`);
    await searched(page);
    await page.keyboard.press('s');
    await page.getByText('too many for a map').waitFor();
    assert.equal(await page.locator('#state-map').count(), 0);
  },

  'a livelock goes round, and nothing comes of it': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    assert.match(await words(page, '#ring'), /pages freed per lap: 0 kills per lap: 0/);
    const dots = await page.locator('#ring .dot').count();
    assert.ok(dots > 0);
    await page.locator('#ring').click();
    assert.match(await words(page, '#lap-step'), new RegExp(`^Step 1 of ${dots}, `));
    await page.locator('#lap-step').waitFor({ state: 'detached', timeout: 2000 * dots + 5000 });
    assert.equal(await words(page, '#laps'), 'Lap 1');
    const now = await until(page, () => true);
    assert.deepEqual([now.step, now.digest], [stuck.step, stuck.digest], 'the machine is where it was');
  },

  'with less motion the ring moves by steps only': async ({ newPage, open, url, assert }) => {
    const page = await newPage({ reducedMotion: 'reduce' });
    await open(`${url}#v1/writer-in-queue?at=stuck`, page);
    await searched(page);
    await page.locator('#ring').click();
    const moving = await page.evaluate(() => document.getAnimations().filter((it) => it.playState === 'running').length);
    assert.equal(moving, 0);
  },
};
