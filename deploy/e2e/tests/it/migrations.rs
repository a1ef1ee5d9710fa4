//! Migrations expand first and contract later: the version before runs on what they leave (services/ARCHITECTURE.md, Upgrades).

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

/// What the first version has, by folder: nobody ran a version before it.
const FIRST: [(&str, u32); 4] =
    [("messaging", 1), ("assignment-service", 104), ("courier-service", 103), ("order-service", 103)];
/// What the version before may still need.
const TAKES_AWAY: [&str; 7] =
    ["DROP TABLE", "DROP COLUMN", "RENAME", "SET NOT NULL", "TRUNCATE", "ADD CONSTRAINT", "CREATE UNIQUE INDEX"];

fn migrations() -> Result<BTreeMap<PathBuf, String>> {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services");
    let mut found = BTreeMap::new();
    for service in fs::read_dir(services)? {
        let folder = service?.path().join("migrations");
        if folder.is_dir() {
            for file in fs::read_dir(folder)? {
                let path = file?.path();
                found.insert(path.clone(), fs::read_to_string(path)?);
            }
        }
    }
    Ok(found)
}

/// What in a migration the version before would miss; nothing where it says that nobody does.
fn taken_away(sql: &str) -> Vec<String> {
    if sql.lines().any(|line| line.starts_with("-- contract: since ")) {
        return Vec::new();
    }
    let code: Vec<&str> = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
    let code = code.join(" ").split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    let required = code
        .split([';', ','])
        .filter(|part| part.contains("ADD COLUMN") && part.contains("NOT NULL") && !part.contains("DEFAULT"));
    let required = required.map(str::to_owned);
    TAKES_AWAY.iter().filter(|word| code.contains(*word)).map(ToString::to_string).chain(required).collect()
}

#[test]
fn the_version_before_runs_on_every_schema() -> Result<()> {
    for (path, sql) in migrations()? {
        let service = path.components().rev().nth(2).context("a service")?.as_os_str().to_string_lossy().into_owned();
        let number: u32 =
            path.file_name().and_then(|name| name.to_str()?.split('_').next()?.parse().ok()).context("a number")?;
        let (_, first) = FIRST.iter().find(|(name, _)| *name == service).with_context(|| service.clone())?;
        if number > *first {
            assert_eq!(taken_away(&sql), Vec::<String>::new(), "{}", path.display());
        }
    }
    Ok(())
}

#[test]
fn what_takes_something_away_is_noticed() {
    for bad in [
        "ALTER TABLE orders DROP COLUMN zone;",
        "alter table orders\n    rename column zone to place;",
        "ALTER TABLE orders ADD COLUMN place text NOT NULL;",
        "ALTER TABLE orders ALTER COLUMN zone SET NOT NULL;",
        "DROP TABLE declines;",
    ] {
        assert!(!taken_away(bad).is_empty(), "{bad}");
        assert!(taken_away(&format!("-- contract: since 0.2.0 nobody uses it\n{bad}")).is_empty());
    }
    for good in [
        "-- DROP TABLE is not meant\nCREATE TABLE new (id uuid NOT NULL);",
        "ALTER TABLE orders ADD COLUMN place text;",
        "ALTER TABLE orders ADD COLUMN place text NOT NULL DEFAULT '';",
        "ALTER TABLE orders ALTER COLUMN zone DROP NOT NULL;",
    ] {
        assert_eq!(taken_away(good), Vec::<String>::new(), "{good}");
    }
}
