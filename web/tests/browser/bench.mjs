// Measures the built page in Chromium: bytes, time to the first usable page, states per
// second of the background search, frame times while a run plays, and the time a cancel
// takes. One line a figure; BENCHMARKS.md quotes them.
//
//   node web/tests/browser/bench.mjs

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DIST, startBrowser, startServer } from './harness.mjs';

const say = (name, value) => console.log(`${name}: ${value}`);
const size = (pattern) =>
  readdirSync(DIST)
    .filter((name) => pattern.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(DIST, name)), { level: 9 }).length, 0);
const kb = (bytes) => `${Math.round(bytes / 1024)} KB gzip`;

say('app wasm', kb(size(/^app.*\.wasm$/)));
say('app js, css, html', kb(size(/^(app.*\.js|start.*\.js|.*\.css|index\.html)$/)));
say('worker wasm and js', kb(size(/^worker/)));
const fonts = readdirSync(join(DIST, 'fonts')).filter((name) => name.endsWith('.woff2'));
say('fonts', kb(fonts.reduce((sum, name) => sum + readFileSync(join(DIST, 'fonts', name)).length, 0)));

const server = await startServer();
const browser = await startBrowser();
const open = async (hash) => {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const begin = performance.now();
  await page.goto(`${server.url}${hash}`);
  await page.locator('[data-ready="true"]').first().waitFor({ state: 'attached' });
  return { context, page, ms: performance.now() - begin };
};
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

const loads = [];
for (let n = 0; n < 5; n += 1) {
  const { context, ms } = await open('#v1/writer-in-queue');
  loads.push(ms);
  await context.close();
}
say('from address to usable page, median of 5', `${Math.round(median(loads))} ms`);

{
  // The largest of the built-in searches: its own live counter says how fast it goes.
  const patches = 'oom-reaper,killable-writers,clear-mark,reap-twice';
  const { context, page } = await open(`#v1/writer-in-queue-pinned?p=${patches}&t=adversarial`);
  const samples = [];
  while (samples.length < 400) {
    const text = (await page.locator('#verdict').innerText()).replace(/[,\s]/g, '');
    const found = /(\d+)states(sofar|checked)/.exec(text);
    if (found) samples.push({ at: performance.now(), states: Number(found[1]) });
    if (found?.[2] === 'checked') break;
    await page.waitForTimeout(20);
  }
  const [first, last] = [samples[0], samples.at(-1)];
  const rate = ((last.states - first.states) / (last.at - first.at)) * 1000;
  say('search', `${last.states} states, ${Math.round(rate / 1000)} thousand a second`);
  await context.close();
}

{
  const { context, page } = await open('#v1/writer-in-queue');
  for (let n = 0; n < 8; n += 1) await page.locator('#speed').click();
  const client = await context.newCDPSession(page);
  await client.send('Performance.enable');
  const frames = page.evaluate(
    () =>
      new Promise((resolve) => {
        const gaps = [];
        let last = performance.now();
        const end = last + 3000;
        const tick = (now) => {
          gaps.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(tick);
          else resolve(gaps);
        };
        requestAnimationFrame(tick);
      }),
  );
  await page.locator('#play').click();
  const gaps = (await frames).sort((a, b) => a - b);
  const at = (share) => gaps[Math.floor(gaps.length * share)].toFixed(1);
  say('frames while playing, 3 s', `${gaps.length}, median ${at(0.5)} ms, p95 ${at(0.95)} ms`);
  await context.close();
}

await browser.close();
server.close();
