//! The API's specification is what was agreed on.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

#[test]
fn the_specification_is_the_committed_one() -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openapi.json");
    let now = assignment_service::http::routes().into_openapi().to_pretty_json()? + "\n";
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        return fs::write(&path, now).context("openapi.json");
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "the API is not what tests/openapi.json says; if that is meant, run \
         `UPDATE_SNAPSHOTS=1 cargo test -p assignment-service --test it openapi` and commit the file"
    );
    Ok(())
}
