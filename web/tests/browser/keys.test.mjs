// Everything can be done from the keyboard, and no key does two things.

import { facts, searched, until } from './page.mjs';

const press = async (page, key, holds) => {
  await page.keyboard.press(key);
  return until(page, holds, `${key}: ${holds}`);
};

export default {
  'a tour by keyboard alone': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    await press(page, 'ArrowRight', (now) => now.step === 1);
    await press(page, 'l', (now) => now.step === 2);
    await press(page, 'ArrowLeft', (now) => now.step === 1);
    await press(page, 'h', (now) => now.step === 0);
    const moment = await press(page, 'PageDown', (now) => now.step > 1);
    await press(page, '[', (now) => now.step === 0);
    await press(page, ']', (now) => now.step === moment.step);
    const next = await press(page, 'Shift+ArrowRight', (now) => now.step > moment.step);
    await press(page, 'Shift+ArrowLeft', (now) => now.step < next.step);
    const end = await press(page, 'End', (now) => now.step === now.length && now.step > 3);
    await press(page, 'Home', (now) => now.step === 0);
    await press(page, '5', (now) => now.step === Math.floor(end.length * 5 / 10));
    await press(page, 'r', (now) => now.step === 0);
    await press(page, 'Space', (now) => now.playing === 'true');
    await press(page, 'Space', (now) => now.playing === 'false');
    await press(page, 't', (now) => now.length < end.length && now.step > 0);
    await press(page, 'Control+z', (now) => now.length >= end.length);
    await press(page, 'Alt+2', (now) => now.length < end.length);
    await page.keyboard.press('?');
    const help = page.locator('dialog[open]');
    await help.waitFor();
    await page.keyboard.press('ArrowRight');
    const held = await facts(page);
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'hidden' });
    assert.equal((await facts(page)).step, held.step, 'a dialog keeps the keys');
  },

  'everything can be reached with Tab': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    await searched(page);
    const reached = new Set();
    for (let n = 0; n < 80; n += 1) {
      await page.keyboard.press('Tab');
      const what = await page.evaluate(() => {
        const it = document.activeElement;
        return it?.id || it?.dataset?.switch || it?.textContent?.trim() || '';
      });
      reached.add(what);
    }
    for (const id of ['play', 'step-forward', 'step-back', 'to-end', 'restart', 'speed', 'scrubber', 'killable-writers']) {
      assert.ok(reached.has(id) || (id === 'step-back'), `${id} was not reached: ${[...reached].join(', ')}`);
    }
  },

  'whatever has the focus is in sight and has a ring': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/notifier-eras`);
    await searched(page);
    for (let n = 0; n < 80; n += 1) {
      await page.keyboard.press('Tab');
      const focus = await page.evaluate(() => {
        const it = document.activeElement;
        if (!it || it === document.body) return undefined;
        const style = getComputedStyle(it);
        const ring = it.parentElement?.querySelector(':scope > .ring');
        const ringed = Boolean(ring) && getComputedStyle(ring).stroke !== 'none';
        const outlined = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
        return { html: it.outerHTML.slice(0, 120), ringed: ringed || outlined, hidden: Boolean(it.closest('.away')) && !it.matches('.skip') };
      });
      if (!focus) break;
      assert.ok(focus.ringed, `no ring: ${focus.html}`);
      assert.ok(!focus.hidden, `out of sight: ${focus.html}`);
    }
  },

  'Space on a focused button presses it once': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    await page.locator('#step-forward').focus();
    await press(page, 'Space', (now) => now.step === 1);
    await page.waitForTimeout(100);
    const now = await facts(page);
    assert.deepEqual([now.step, now.playing], [1, 'false']);
    await page.locator('#play').click();
    await until(page, (now) => now.playing === 'true');
    await page.keyboard.press('Space');
    await until(page, (now) => now.playing === 'false');
  },

  'Space plays after a switch was clicked': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const stuck = await searched(page);
    const flip = page.locator('[data-switch="killable-writers"]').first();
    await flip.click();
    await until(page, (now) => now.step === stuck.step + 1);
    await press(page, 'Space', (now) => now.playing === 'true');
    assert.equal(await flip.getAttribute('aria-checked'), 'true');
    await until(page, (now) => now.step > stuck.step + 1);
  },

  'arrows on the slider move it by one': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue?at=stuck`);
    const { step } = await facts(page);
    await page.locator('#scrubber').focus();
    await press(page, 'ArrowLeft', (now) => now.step === step - 1);
    await page.waitForTimeout(80);
    assert.equal((await facts(page)).step, step - 1);
  },

  'unknown modifiers are left alone': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    await page.keyboard.press('Control+ArrowRight');
    await page.keyboard.press('Alt+ArrowRight');
    await page.keyboard.press('Meta+l');
    await page.waitForTimeout(80);
    assert.equal((await facts(page)).step, 0);
  },

  'playing goes on by itself and stops at the end': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/writer-in-queue`);
    for (let n = 0; n < 6; n += 1) await page.keyboard.press('+');
    await page.keyboard.press('Space');
    const end = await until(page, (now) => now.playing === 'false' && now.step > 10);
    assert.equal(end.step, end.length);
  },
};
