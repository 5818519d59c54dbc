// Every mix of the patches in one table: streamed, stopped, opened.

import { until, words } from './page.mjs';

/** How many rows have been searched. */
const done = async (page) => Number((await words(page, '#matrix-done')).split(' ')[0]);

/** Waits until the matrix has been searched to the end. */
const finished = async (page) => page.locator('#matrix-stop').waitFor({ state: 'detached', timeout: 50000 });

export default {
  'rows stream in, the smallest sets are marked, a press opens the witness': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await page.locator('#matrix').click();
    await page.locator('#matrix-table').waitFor();
    await finished(page);
    const rows = await page.locator('#matrix-table tr[data-mix]').count();
    assert.equal(await done(page), rows);
    assert.ok((await page.locator('tr.clears').count()) > 0);
    assert.match(await words(page, '.smallest'), /Smallest sets that clear it: \S/);
    const oops = page.locator('#matrix-table [data-outcome="oops"]').first();
    const steps = Number(await oops.locator('.steps').innerText());
    await oops.click();
    const there = await until(page, (now) => now.step === steps && now.length === steps);
    assert.match(await words(page, '#verdict'), /Oops/);
    assert.equal(await page.locator('dialog[open]').count(), 0);
    assert.equal(there.scenario, 'munlock-oops');
    // Undo brings back the run; the table is still known.
    await page.locator('#undo').click();
    await until(page, (now) => now.step === 0);
    await page.keyboard.press('m');
    assert.equal(await done(page), rows);
  },

  'keys alone reach a row and open it': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops`);
    await page.keyboard.press('m');
    await finished(page);
    const button = page.locator('#matrix-table tbody th button').first();
    await button.focus();
    await page.keyboard.press('Enter');
    await until(page, (now) => now.step > 0);
    assert.equal(await page.locator('dialog[open]').count(), 0);
  },

  'cancel acts within 100 ms and going on finishes': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue-pinned?t=adversarial`);
    await page.locator('#matrix').click();
    const end = Date.now() + 40000;
    while (!/states\/s · \d+ MB/.test(await words(page, '#matrix-rate')) && Date.now() < end) await page.waitForTimeout(20);
    assert.match(await words(page, '#matrix-rate'), /states\/s · \d+ MB/);
    const took = await page.locator('#matrix-stop').evaluate((button) => new Promise((resolve) => {
      const clock = performance.now();
      const watch = new MutationObserver(() => {
        if (document.getElementById('matrix-go')) resolve(performance.now() - clock);
      });
      watch.observe(document.querySelector('dialog'), { attributes: true, childList: true, subtree: true });
      button.click();
    }));
    assert.ok(took < 100, `${took} ms`);
    const before = await done(page);
    await page.waitForTimeout(500);
    assert.equal(await done(page), before, 'nothing is searched after a cancel');
    await page.locator('#matrix-go').click();
    while ((await done(page)) === before && Date.now() < end) await page.waitForTimeout(50);
    assert.ok((await done(page)) > before);
  },

  'a phone scrolls the table in its own box': async ({ newPage, open, url, assert }) => {
    const page = await newPage({ viewport: { width: 390, height: 844 } });
    await open(`${url}#v1/writer-in-queue`, page);
    await page.locator('#matrix').click();
    await page.locator('#matrix-table').waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(wide <= 0, `${wide} px wider than the window`);
    const box = await page.locator('.matrix-box').evaluate((box) => [box.scrollWidth, box.clientWidth]);
    assert.ok(box[0] > box[1], 'the box scrolls');
  },
};
