// The background worker starts and answers.

export default {
  'the worker answers': async ({ open, page }) => {
    await open();
    await page.waitForSelector('[data-worker="ready"]');
  },

  'the worker answers below a path': async ({ open, page, subUrl }) => {
    await open(subUrl);
    await page.waitForSelector('[data-worker="ready"]');
  },
};
