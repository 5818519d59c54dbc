// The verdict: nothing of what it says is cut, and it is green only where nothing was lost.

import { searched, until, words } from './page.mjs';

const SIZES = {
  desktop: [1440, 900, ''],
  laptop: [1280, 720, ''],
  tablet: [820, 1180, ''],
  phone: [390, 844, ''],
  embed: [800, 450, '?embed=1'],
  small: [640, 360, '?embed=1'],
};

// Those that have most to say at the end of their lead.
const WORDY = ['own-writer-nofail', 'interruptible-mmap', 'hmm-range-end', 'robust-futex'];

/** What of the band stands outside of its own box or that of the band, in words. */
const cut = (page) =>
  page.evaluate(() => {
    const band = document.querySelector('#verdict').getBoundingClientRect();
    const shown = [...document.querySelectorAll('#verdict :is(.say, .headline, .first)')];
    return shown.filter((it) => it.textContent && getComputedStyle(it).display !== 'none').flatMap((it) => {
      const range = document.createRange();
      range.selectNodeContents(it);
      const [text, box] = [range.getBoundingClientRect(), it.getBoundingClientRect()];
      // A line of type is a little taller than its line box.
      const fits = (outer) => text.top >= outer.top - 3 && text.bottom <= outer.bottom + 3;
      return fits(box) && fits(band) ? [] : [`${it.className} ${Math.round(text.top)} to ${Math.round(text.bottom)}`];
    });
  });

const whole = (width, height, query) => async ({ newPage, open, url, assert }) => {
  const page = await newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
  for (const scenario of WORDY) {
    await page.goto('about:blank');
    await open(`${url}${query}#v1/${scenario}`, page);
    await page.keyboard.press('End');
    await searched(page);
    assert.deepEqual(await cut(page), [], scenario);
  }
};

/** The band is as high at the start as where it is stuck and where it has finished. */
const steady = (width, height, query) => async ({ newPage, open, url, assert }) => {
  const page = await newPage({ viewport: { width, height }, reducedMotion: 'reduce' });
  const high = () => page.locator('#verdict').evaluate((it) => Math.round(it.getBoundingClientRect().height));
  await open(`${url}${query}#v1/own-writer-nofail`, page);
  await searched(page);
  const start = await high();
  await page.keyboard.press('End');
  await searched(page);
  assert.equal(await high(), start, 'stuck');
  await page.locator('[data-switch="oom-mm"]').evaluate((it) => it.click());
  await searched(page);
  await page.keyboard.press('End');
  await until(page, (now) => now.verdict === 'finished');
  assert.equal(await high(), start, 'finished');
};

export default {
  ...Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [`the band keeps its height, ${name}`, steady(...size)])),
  ...Object.fromEntries(Object.entries(SIZES).map(([name, size]) => [`nothing is cut, ${name}`, whole(...size)])),

  'a second kill is no green end': async ({ open, page, url, assert }) => {
    await open(`${url}#v1/own-writer-nofail`);
    await page.keyboard.press('End');
    await until(page, (now) => now.verdict === 'doomed');
    await searched(page);
    await page.locator('[data-switch="oom-mm"]').click();
    await searched(page);
    await page.keyboard.press('End');
    await until(page, (now) => now.verdict === 'finished');
    assert.match(await words(page, '#verdict'), /Finished after 2 kills.*2 processes killed/);
    const look = (await page.locator('#verdict').getAttribute('class')).split(' ');
    assert.ok(look.includes('at-risk') && !look.includes('finished'), look.join(' '));
  },
};
