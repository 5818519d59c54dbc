// The page arrives, from any path, from its own host alone.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DIST } from './harness.mjs';

export default {
  'the page becomes ready': async ({ open, page, assert, shot }) => {
    await open();
    assert.match(await page.textContent('body'), /oomscope/);
    assert.equal(await page.locator('.skeleton').count(), 0, 'the skeleton has gone');
    await shot('ready');
  },

  'served below a path': async ({ open, page, subUrl, assert }) => {
    await open(subUrl);
    assert.match(await page.textContent('body'), /oomscope/);
  },

  'dark by the system\'s wish': async ({ newPage, open, url, assert, shot }) => {
    const page = await newPage({ colorScheme: 'dark' });
    await open(url, page);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.notEqual(background, 'rgb(250, 249, 246)');
    await shot('ready-dark', page);
  },

  'every address in the page is relative': async ({ assert }) => {
    const html = readFileSync(join(DIST, 'index.html'), 'utf8');
    const addresses = [...html.matchAll(/\b(?:src|href|content|data-wasm)="([^"]*)"/g)].map((hit) => hit[1]);
    const absolute = addresses.filter((address) => /^(\/|https?:)/.test(address));
    assert.deepEqual(absolute, []);
    assert.ok(!/<base\b/.test(html), 'a base element would break links within the page');
  },

  'no script stands in the page itself': async ({ assert }) => {
    const html = readFileSync(join(DIST, 'index.html'), 'utf8');
    const inline = [...html.matchAll(/<script\b([^>]*)>/g)].filter((hit) => !/\bsrc=/.test(hit[1]));
    assert.deepEqual(inline.map((hit) => hit[0]), []);
    assert.match(html, /script-src 'self' 'wasm-unsafe-eval';/);
  },

  'every WebAssembly file compiles in the browser': async ({ open, page, assert }) => {
    await open();
    const names = readdirSync(DIST).filter((name) => name.endsWith('.wasm'));
    assert.equal(names.length, 2);
    for (const name of names) {
      const kind = await page.evaluate(async (file) => {
        const module = await WebAssembly.compileStreaming(fetch(file));
        return module.constructor.name;
      }, name);
      assert.equal(kind, 'Module', name);
    }
  },

  'the fonts come from the page\'s own host': async ({ open, page, assert }) => {
    await open();
    const loaded = await page.evaluate(async () => {
      await document.fonts.load('400 15px "IBM Plex Sans"');
      return document.fonts.check('400 15px "IBM Plex Sans"');
    });
    assert.ok(loaded);
  },
};
