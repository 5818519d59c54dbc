//! The page's own program.

fn main() {
    console_error_panic_hook::set_once();
    let document = gloo::utils::document();
    match document.get_element_by_id("app") {
        Some(root) => {
            // The skeleton drawn by index.html makes room for the page.
            root.set_inner_html("");
            yew::Renderer::<oomscope_web::page::Page>::with_root(root).render();
        }
        None => {
            yew::Renderer::<oomscope_web::page::Page>::new().render();
        }
    }
}
