// The search runs beside the page and stops when told.

import { searched, until, words } from './page.mjs';

export default {
  'a long search is cancelled within 100 ms': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/munlock-oops?t=adversarial,split`);
    let cancelled = false;
    for (let n = 0; n < 40 && !cancelled; n += 1) {
      const button = page.locator('#cancel-search');
      if ((await button.count()) > 0) {
        const clock = Date.now();
        await button.click({ timeout: 1000 }).catch(() => {});
        await until(page, (now) => now.searching === 'false');
        const took = Date.now() - clock;
        cancelled = /cancelled/i.test(await words(page, '#verdict'));
        if (cancelled) assert.ok(took < 400, `${took} ms, driver included`);
      }
      if (!cancelled) {
        // The search was over too soon: another state, another search.
        await page.keyboard.press('ArrowRight');
        await page.waitForTimeout(5);
      }
    }
    if (cancelled) {
      await page.locator('#search-again').click();
      const done = await searched(page);
      assert.notEqual(done.verdict, 'unknown');
    }
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
