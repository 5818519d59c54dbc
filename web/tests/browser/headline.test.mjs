// The story the page exists for: stuck, proven, switched, cleared; and the switch too late.

import { facts, row, searched, timed, until, words } from './page.mjs';

/** On to the next named moment until the reaper's first try has failed. */
const toStuck = async (page) => {
  for (let n = 0; n < 8; n += 1) {
    if ((await page.locator('.markers .now, .ticks .now').allInnerTexts()).join().includes('reaper fails')) break;
    if (/trylock|1 of 10/.test(await words(page, '#caption'))) break;
    await page.keyboard.press('PageDown');
    await page.waitForTimeout(60);
  }
  return searched(page);
};

const freeNow = async (page) => {
  const label = await page.locator('#plot svg').first().getAttribute('aria-label');
  return Number(label.match(/now (\d+) MB/)[1]);
};

export default {
  'the switch clears the livelock while the reaper still tries': async ({ open, page, url, assert, shot }) => {
    await open(`${url}#v1/writer-in-queue`);
    const stuck = await toStuck(page);
    assert.equal(stuck.verdict, 'doomed');
    assert.match(await words(page, '#verdict'), /Livelock, proven/);
    assert.match(await words(page, '#verdict'), /None of the [\d,]+ states reachable from here leads out/);
    assert.equal(await page.locator('[data-token="qemu-2"][data-place]').count(), 1);
    assert.match((await row(page, 'qemu-2'))['Place in queue'], /1 of 1/);
    const badge = await page.locator('[data-switch="killable-writers"]').first().evaluate((it) => it.parentElement.textContent);
    assert.match(badge, /clears/i);
    await shot('headline-stuck');

    const before = await freeNow(page);
    const press = () => page.locator('[data-switch="killable-writers"]').first().click();
    const took = await timed(page, press, { step: String(stuck.step + 1) });
    assert.ok(took < 1000, `the switch shows at once, and took ${took} ms`);
    assert.equal(await page.locator('[data-switch="killable-writers"]').first().getAttribute('aria-checked'), 'true');
    const free = await searched(page);
    assert.equal(free.verdict, 'free');

    // The killed writer leaves the queue, and the reaper's next try gets in.
    let left;
    let cleared;
    for (let n = 0; n < 40 && cleared === undefined; n += 1) {
      await page.locator('#step-forward').click();
      const now = await facts(page);
      if (left === undefined && (await row(page, 'qemu-2'))['Place in queue'] === '') left = now.step;
      if (/Cleared at step/.test(await words(page, '#verdict'))) cleared = now.step;
      else await searched(page);
    }
    assert.ok(left !== undefined, 'the writer left the queue');
    assert.ok(cleared >= left, `cleared at ${cleared}, left at ${left}`);
    assert.ok((await freeNow(page)) > before + 100, 'memory rises');
    assert.match(await words(page, '#verdict'), /qemu-2 left the queue.*168 MB came back.*one process killed, qemu/);
    await page.waitForTimeout(600);
    assert.equal(await page.locator('[data-token="qemu-2"][data-place]').count(), 0, 'its token is gone');
    await shot('headline-cleared');
  },

  'the same switch does not clear once the reaper has given up': async ({ open, page, url, assert, shot }) => {
    await open(`${url}#v1/writer-in-queue`);
    await toStuck(page);
    await page.keyboard.press('End');
    const end = await searched(page);
    assert.equal(end.verdict, 'doomed');
    assert.match(await words(page, '#verdict'), /given up on qemu; /);
    assert.match(await words(page, '#verdict'), /retry for ever/);
    await page.locator('[data-switch="killable-writers"]').first().click();
    await until(page, (now) => now.step === end.step + 1);
    const switched = await searched(page);
    assert.equal(switched.verdict, 'doomed');
    assert.match(await words(page, '#verdict'), /given up on qemu/);
    assert.match(await words(page, '#verdict'), /vhost-1187 pins its memory; qemu keeps the victim mark/);
    await shot('headline-too-late');
  },

  'undo brings the run back': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    await page.locator('[data-switch="killable-writers"]').first().click();
    await until(page, (now) => now.step === stuck.step + 1);
    await page.keyboard.press('Control+z');
    const back = await until(page, (now) => now.step === stuck.step);
    assert.equal(back.digest, stuck.digest);
    assert.equal(await page.locator('[data-switch="killable-writers"]').first().getAttribute('aria-checked'), 'false');
  },

  'a flip moves no switch, nor the way to all mixes': async ({ open, page, url, assert }) => {
    const places = () =>
      page.locator('.patches').evaluate((list) =>
        [...list.querySelectorAll('[data-switch], #matrix')].map((it) => {
          const { x, y } = it.getBoundingClientRect();
          return [it.id || it.dataset.switch, Math.round(x), Math.round(y + list.scrollTop)];
        }));
    await open(`${url}#v1/munlock-oops`);
    const start = await searched(page);
    const before = await places();
    for (const id of before.map(([id]) => id).filter((id) => id !== 'matrix')) {
      await page.locator(`[data-switch="${id}"]`).first().click();
      await until(page, ({ step }) => step > start.step);
      await searched(page);
      assert.deepEqual(await places(), before, `after ${id}`);
      await page.keyboard.press('Control+z');
      await until(page, ({ step }) => step === start.step);
    }
  },

  'the point of no return is one press away': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    await page.locator('#no-return').click();
    const there = await until(page, (now) => now.step < stuck.step);
    assert.equal(there.verdict, 'doomed');
    await page.keyboard.press('ArrowLeft');
    const before = await until(page, (now) => now.step === there.step - 1);
    assert.equal(before.verdict, 'at-risk');
  },
};
