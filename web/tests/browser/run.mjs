// Runs every *.test.mjs of this folder against the built page in dist/.
//
//   node web/tests/browser/run.mjs [--grep TEXT] [--limit SECONDS]
//
// A test file exports by default an object from names to async functions.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DIST, runTest, startBrowser, startServer } from './harness.mjs';

const option = (name) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
};
const grep = option('--grep') ?? '';
const limitMs = 1000 * Number(option('--limit') ?? 150);

if (!existsSync(join(DIST, 'index.html'))) {
  console.error('dist/index.html is missing; run `cargo xtask build` first');
  process.exit(2);
}

const files = readdirSync(import.meta.dirname ?? new URL('.', import.meta.url).pathname)
  .filter((name) => name.endsWith('.test.mjs'))
  .sort();
const server = await startServer();
const browser = await startBrowser();
let passed = 0;
let failed = 0;

for (const file of files) {
  const { default: tests } = await import(`./${file}`);
  const group = file.replace('.test.mjs', '');
  for (const [name, test] of Object.entries(tests)) {
    const title = `${group}: ${name}`;
    if (!title.includes(grep)) continue;
    const began = performance.now();
    const reason = await runTest(browser, server, test, limitMs);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    if (reason === undefined) {
      passed += 1;
      console.log(`ok ${title} (${seconds} s)`);
    } else {
      failed += 1;
      console.log(`not ok ${title}: ${reason}`);
    }
  }
}

await browser.close();
server.close();
if (passed + failed === 0) console.log(`no test matches "${grep}"`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
