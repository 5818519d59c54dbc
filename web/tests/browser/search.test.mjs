// The search runs beside the page and stops when told.

import { readFileSync } from 'node:fs';
import { facts, searched, timed, until, visit, words } from './page.mjs';

/** A scenario that no search finishes with. */
const CROWD = JSON.parse(readFileSync(new URL('./crowd.json', import.meta.url), 'utf8')).link;

const under = async (page) => until(page, (now) => now.searching === 'true', 'a search under way');

export default {
  'a long search is counted and cancelled within 100 ms': async ({ open, page, url, assert }) => {
    await open(url + CROWD);
    await under(page);
    // A fast machine comes to the bound in two seconds: nothing waits longer than it must.
    const counted = async (more) => {
      for (let n = 0; n < 250; n += 1) {
        const said = (await words(page, '#verdict')).match(/([\d,]+) states so far/);
        const count = said ? Number(said[1].replaceAll(',', '')) : 0;
        if (count > more) return count;
        await page.waitForTimeout(20);
      }
      return 0;
    };
    const first = await counted(0);
    const second = await counted(first);
    assert.ok(first > 0 && second > first, `the count is live: ${first}, ${second}`);
    const press = () => page.locator('#cancel-search').click();
    const took = await timed(page, press, { searching: 'false' });
    assert.ok(took < 100, `${took} ms`);
    assert.match(await words(page, '#verdict'), /cancelled/i);
    // The worker has stopped as well: what is asked next is answered at once.
    const next = await timed(page, () => visit(page, '#v1/writer-in-queue'), { scenario: 'writer-in-queue', verdict: 'at-risk' });
    assert.ok(next < 1500, `${next} ms to the next answer`);
  },

  'a step is not held up by a long search': async ({ open, page, url, assert }) => {
    await open(url + CROWD);
    await under(page);
    for (let n = 1; n <= 10; n += 1) {
      const took = await timed(page, () => page.keyboard.press('ArrowRight'), { step: String(n) });
      assert.ok(took < 1500, `step ${n}: ${took} ms`);
    }
    await page.locator('[data-switch="killable-writers"]').first().click();
    await until(page, (now) => now.step === 11);
    assert.equal((await facts(page)).searching, 'true');
    await page.locator('#cancel-search').click();
    await until(page, (now) => now.searching === 'false');
    await page.keyboard.press('ArrowRight');
    const now = await until(page, (now) => now.step === 12);
    assert.equal(now.searching, 'false', 'a cancelled search does not begin again by itself');
    await page.locator('#search-again').click();
    await under(page);
  },

  'a stopped search stays with its scenario': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/fault-storm-8`);
    await under(page);
    await page.locator('#cancel-search').click();
    await until(page, (now) => now.searching === 'false');
    assert.match(await words(page, '#verdict'), /cancelled/i);
    await visit(page, '#v1/fault-storm-2');
    await until(page, (now) => now.scenario === 'fault-storm-2' && now.searching === 'false');
    assert.match(await words(page, '#verdict'), /427 states checked/);
  },

  'other rules are searched anew': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?t=adversarial`);
    await searched(page);
    assert.match(await words(page, '#verdict'), /any sleep may end at any moment/);
    assert.match(await words(page, '#verdict'), /At risk/);
  },

  'scrubbing needs no further search': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    for (let n = 0; n < stuck.step; n += 1) {
      await page.keyboard.press('ArrowLeft');
      const now = await until(page, (now) => now.step === stuck.step - n - 1);
      assert.notEqual(now.verdict, 'unknown', `step ${now.step}`);
    }
  },
};
