// Starts the page's program. Trunk writes the names of its two files, which
// carry a hash, into a meta element; see `pattern_script` in Trunk.toml.

const program = document.querySelector('meta[name="oomscope-program"]');
const address = (relative) => new URL(relative, document.baseURI).href;

const start = async () => {
  const { default: init } = await import(address(program.content));
  await init({ module_or_path: address(program.dataset.wasm) });
};

start().catch((error) => {
  // The skeleton is still there when the program could not be loaded at all.
  const loading = document.getElementById('loading');
  if (loading) {
    loading.textContent =
      typeof WebAssembly === 'object'
        ? 'The program could not be loaded. Please reload the page.'
        : 'oomscope needs WebAssembly, which this browser does not offer.';
  }
  throw error;
});
