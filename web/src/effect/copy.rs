//! Copying text.

use gloo::utils::{document, window};
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

/// Copies a text. Where the browser refuses (a page from a file, an embedding page that
/// forbids it) the text of the field with this id is selected instead, for Ctrl+C.
pub fn copy(text: &str, field_id: &str) {
    if let Some(field) = document().get_element_by_id(field_id)
        && let Some(field) = field.dyn_ref::<HtmlInputElement>()
    {
        field.select();
    }
    if window().is_secure_context() {
        // The promise says no more than the selection shows; a refusal is not an error.
        let _ = window().navigator().clipboard().write_text(text);
    }
}
