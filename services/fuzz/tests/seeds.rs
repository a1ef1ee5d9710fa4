//! What was worth keeping: every seed of the fuzz targets, and every golden file, in every check.

use std::{fs, path::Path};

use anyhow::{Context as _, Result, ensure};

#[test]
fn all_that_was_kept_holds() -> Result<()> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let seeds = ["event", "envelope", "cursor", "zone"].map(|target| here.join("seeds").join(target));
    let folders = seeds.into_iter().chain([here.join("../../proto/golden")]);
    for folder in folders {
        let mut seen = 0;
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            // Targets pass over what is no text.
            if let Ok(text) = fs::read_to_string(entry?.path()) {
                fuzz::event(&text);
                fuzz::envelope(&text);
                fuzz::cursor(&text);
                fuzz::zone(&text);
                seen += 1;
            }
        }
        ensure!(seen > 0, "{} is empty", folder.display());
    }
    Ok(())
}
