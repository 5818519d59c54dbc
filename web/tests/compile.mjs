// Compiles every WebAssembly file of a folder: wasm-opt can, with a wrong flag,
// write one that every browser refuses, and still report success.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2];
const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
for (const name of names) {
  await WebAssembly.compile(readFileSync(join(folder, name)));
  console.log(`${name} compiles`);
}
if (names.length < 2) {
  console.error(`expected the programs of the page and of the worker, found ${names.length} file(s)`);
  process.exitCode = 1;
}
