//! Serves dist/ on this machine and builds again when a source changes.
//!
//! A server of our own rather than Trunk's: it answers at once when the page is
//! up to date, and its messages are ours. `trunk serve` works as well.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::{Outcome, page, tree};

/// Builds if needed, then serves until interrupted.
pub(crate) fn serve(port: u16) -> Outcome {
    // Before the build, so that nobody waits minutes to be told that the port is taken.
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!(
            "Port {port} is in use; stop the program that uses it, or run `cargo xtask serve --port {}`.",
            port.wrapping_add(1).max(1024)
        ),
        _ => format!("Port {port} cannot be used ({error}); try `cargo xtask serve --port 8081`."),
    })?;
    page::build_if_changed()?;
    let address = listener
        .local_addr()
        .map_err(|error| format!("The port was lost: {error}."))?;
    println!("oomscope is at http://{address}/ (Ctrl-C stops it; reload the page after a change)");
    thread::spawn(rebuild_on_change);
    for stream in listener.incoming().flatten() {
        // A browser also opens connections that it then leaves silent.
        thread::spawn(move || drop(answer(stream)));
    }
    Ok(())
}

fn rebuild_on_change() {
    let mut seen = page::fingerprint();
    loop {
        thread::sleep(Duration::from_secs(1));
        let now = page::fingerprint();
        if now == seen {
            continue;
        }
        seen = now;
        if let Err(sentence) = page::build_if_changed() {
            println!("{sentence} The page stays as it was until the next change.");
        }
    }
}

fn answer(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    // The rest of the request says nothing that matters here, but has to be read.
    let mut header = String::new();
    while reader.read_line(&mut header)? > 2 {
        header.clear();
    }
    let mut words = request.split_whitespace();
    let (method, address) = (
        words.next().unwrap_or_default(),
        words.next().unwrap_or_default(),
    );
    let found = file(address).and_then(|file| Some((kind(&file), fs::read(&file).ok()?)));
    let (status, kind, body) = match found {
        _ if method != "GET" && method != "HEAD" => {
            ("405 Method Not Allowed", "text/plain", Vec::new())
        }
        Some((kind, body)) => ("200 OK", kind, body),
        None => (
            "404 Not Found",
            "text/plain",
            b"There is no such file.".to_vec(),
        ),
    };
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )?;
    if method != "HEAD" {
        stream.write_all(&body)?;
    }
    stream.flush()
}

/// The file in dist/ for a request's address, if it names one. No file of the
/// page needs an escape in its address, so none is decoded.
fn file(address: &str) -> Option<PathBuf> {
    let path = address.split(['?', '#']).next()?.strip_prefix('/')?;
    if path.split('/').any(|part| part.starts_with('.')) || path.contains(['\\', ':']) {
        return None;
    }
    let path = if path.is_empty() { "index.html" } else { path };
    let file = tree::root().join("dist").join(path);
    file.is_file().then_some(file)
}

fn kind(file: &std::path::Path) -> &'static str {
    match file
        .extension()
        .and_then(|end| end.to_str())
        .unwrap_or_default()
    {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "wasm" => "application/wasm",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
