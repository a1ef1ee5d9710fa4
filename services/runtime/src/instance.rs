//! What this process is called, wherever it has to be told from others: `program:pid@host`.

use std::path::Path;

/// The name.
#[must_use]
pub fn name() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_deref().and_then(Path::file_stem).unwrap_or_default().to_string_lossy();
    format!("{program}:{}@{}", std::process::id(), gethostname::gethostname().to_string_lossy())
}
