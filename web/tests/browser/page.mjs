// How tests read and drive the page: only what a person has, and the root element's
// data attributes. The page forbids evaluated text, so waiting is done from here.

/** What the root element says. */
export const facts = async (page) => {
  const data = await page.locator('#page').evaluate((root) => ({ ...root.dataset }));
  return { ...data, step: Number(data.step), length: Number(data.length) };
};

/** Waits until a condition on the facts holds; resolves to them. */
export const until = async (page, holds, what = String(holds), limitMs = 20000) => {
  const end = Date.now() + limitMs;
  for (;;) {
    const now = await facts(page);
    if (holds(now)) return now;
    if (Date.now() > end) throw new Error(`never came: ${what}; last ${JSON.stringify(now)}`);
    await page.waitForTimeout(15);
  }
};

/**
 * Does something as a person would, and says how many milliseconds the page takes from that
 * press, key or address until it says all of `wanted` about itself, by its own clock: the
 * driver's own way does not count.
 */
export const timed = async (page, act, wanted) => {
  await page.locator('#page').evaluate((root, facts) => {
    root.timed = new Promise((resolve) => {
      let clock;
      const begin = () => {
        clock ??= performance.now();
      };
      for (const kind of ['click', 'keydown', 'hashchange']) addEventListener(kind, begin, { capture: true, once: true });
      const watch = new MutationObserver(() => {
        if (clock === undefined || Object.entries(facts).some(([name, value]) => root.dataset[name] !== value)) return;
        watch.disconnect();
        resolve(performance.now() - clock);
      });
      watch.observe(root, { attributes: true });
    });
  }, wanted);
  await act();
  return page.locator('#page').evaluate((root) => root.timed);
};

/** Waits until the search has said what it knows. */
export const searched = (page) => until(page, (now) => now.searching === 'false', 'the end of the search');

/** Goes to another address in the same page. */
export const visit = async (page, hash) => {
  await page.evaluate((to) => {
    location.hash = to;
  }, hash);
  await page.waitForTimeout(30);
};

/** Moves the scrubber as its keys would, at once. */
export const seek = async (page, step) => {
  await page.locator('#scrubber').evaluate((input, value) => {
    input.value = String(value);
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }, step);
  return until(page, (now) => now.step === step, `step ${step}`);
};

/** The words of an element. */
export const words = async (page, selector) => (await page.locator(selector).first().innerText()).replace(/\s+/g, ' ').trim();

/** The row of a task in the table, as one object by column. */
export const row = async (page, task) => {
  const table = await rows(page);
  return table.find((row) => row.Task === task);
};

/** All rows of the table. */
export const rows = (page) =>
  page.locator('#tasks-table').first().evaluate((table) => {
    const heads = [...table.querySelectorAll('thead th')].map((cell) => cell.textContent.trim());
    return [...table.querySelectorAll('tbody tr')].map((line) =>
      Object.fromEntries([...line.children].map((cell, at) => [heads[at], cell.textContent.trim()])));
  });

/** Free memory in MB, as the picture writes it. */
export const freeMegabytes = async (page) => {
  const label = await page.locator('#plot').getAttribute('aria-label');
  const text = label ?? (await page.locator('#stage').innerText());
  const found = text.match(/(\d+) MB free/);
  return found ? Number(found[1]) : undefined;
};
