// Inside somebody else's page: no dialogs, a fixed size, and a few messages.

import { facts, searched, until } from './page.mjs';

export default {
  'an embedded page fits and has no dialogs': async ({ newPage, open, url, assert, shot }) => {
    const page = await newPage({ viewport: { width: 800, height: 450 } });
    await open(`${url}?embed=1#v1/writer-in-queue?at=stuck`, page);
    await searched(page);
    const size = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]);
    assert.ok(size[0] <= 800 && size[1] <= 450, `${size}`);
    await page.keyboard.press('?');
    await page.waitForTimeout(100);
    assert.equal(await page.locator('[role=dialog], dialog').count(), 0);
    await shot('embed', page);
  },

  'controls=none leaves nothing to press': async ({ newPage, open, url, assert }) => {
    const page = await newPage({ viewport: { width: 800, height: 450 } });
    await open(`${url}?embed=1&controls=none&theme=dark&unknown=1#v1/writer-in-queue`, page);
    assert.equal(await page.locator('#play').count(), 0);
    assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark');
  },

  'autoplay plays': async ({ newPage, open, url }) => {
    const page = await newPage({ viewport: { width: 800, height: 450 } });
    await open(`${url}?embed=1&autoplay=1#v1/writer-in-queue`, page);
    await until(page, (now) => now.step >= 2);
  },

  'the page around it can play, seek and listen, and nobody else can': async ({ page, url, origin, assert }) => {
    await page.route(`${origin}/host.html`, (route) => route.fulfill({
      contentType: 'text/html',
      body: `<title>host</title><iframe name="scope" title="oomscope" width="800" height="450" src="${url}?embed=1#v1/writer-in-queue?at=stuck"></iframe>`,
    }));
    await page.addInitScript(() => {
      if (window.parent !== window) return;
      window.heard = [];
      window.addEventListener('message', (event) => window.heard.push(event.data));
    });
    await page.goto(`${origin}/host.html`);
    const frame = page.frameLocator('iframe');
    await frame.locator('body[data-ready="true"]').waitFor();
    const say = (message) => page.evaluate((it) => document.querySelector('iframe').contentWindow.postMessage(it, '*'), message);
    const heard = () => page.evaluate(() => window.heard);
    const wait = async (what, limit = 100) => {
      for (let n = 0; n < limit; n += 1) {
        const found = (await heard()).find(what);
        if (found) return found;
        await page.waitForTimeout(20);
      }
      throw new Error(`not heard: ${what}; ${JSON.stringify(await heard())}`);
    };
    await wait((it) => it.event === 'ready' && it.oomscope === 1);
    await say({ oomscope: 1, id: 1, cmd: 'ping' });
    await wait((it) => it.event === 'pong' && it.id === 1);
    await say({ oomscope: 1, id: 2, cmd: 'seek', step: 3 });
    await wait((it) => it.event === 'state' && it.step === 3);
    await say({ oomscope: 2, cmd: 'seek', step: 1 });
    await say({ oomscope: 1, cmd: 'open', hash: '#v1/munlock-oops' });
    await say('slide:start');
    await say({ oomscope: 1, id: 3, cmd: 'play' });
    await wait((it) => it.event === 'state' && it.playing === true);
    await say({ oomscope: 1, id: 4, cmd: 'pause' });
    await wait((it) => it.event === 'done' && it.id === 4);
    const root = frame.locator('#page');
    assert.equal(await root.getAttribute('data-scenario'), 'writer-in-queue');
    // The frame itself is not its parent.
    const step = await root.getAttribute('data-step');
    await frame.locator('body').evaluate(() => window.postMessage({ oomscope: 1, cmd: 'seek', step: 0 }, '*'));
    await page.waitForTimeout(100);
    assert.equal(await root.getAttribute('data-step'), step);
  },

  'the address of an embedded page is left alone': async ({ newPage, open, url, assert }) => {
    const page = await newPage({ viewport: { width: 800, height: 450 } });
    await open(`${url}?embed=1#v1/writer-in-queue`, page);
    await page.locator('#play').click();
    await until(page, (now) => now.step >= 1);
    await page.locator('#play').click();
    await page.waitForTimeout(500);
    assert.match(page.url(), /#v1\/writer-in-queue$/);
    assert.equal((await facts(page)).scenario, 'writer-in-queue');
  },
};
