//! The program of the background worker.

use gloo_worker::Registrable;
use oomscope_web::worker::Search;

fn main() {
    console_error_panic_hook::set_once();
    Search::registrar().register();
}
