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
/// What the version before may still need: tables, columns, and what it writes by, such as the index of an `ON CONFLICT`.
const TAKES_AWAY: [&str; 16] = [
    "DROP TABLE",
    "DROP COLUMN",
    "DROP DEFAULT",
    "DROP INDEX",
    "DROP FUNCTION",
    "DROP PROCEDURE",
    "DROP TRIGGER",
    "DROP VIEW",
    "DROP MATERIALIZED VIEW",
    "DROP SEQUENCE",
    "DROP TYPE",
    "RENAME",
    "SET NOT NULL",
    "TRUNCATE",
    "ADD CONSTRAINT",
    "CREATE UNIQUE INDEX",
];
/// Constraints without a name of their own. What comes after ADD COLUMN is not among them: nobody writes the column yet.
const CONSTRAINTS: [&str; 5] = ["ADD CHECK", "ADD UNIQUE", "ADD PRIMARY KEY", "ADD FOREIGN KEY", "ADD EXCLUDE"];

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
    let words = TAKES_AWAY.iter().chain(&CONSTRAINTS).filter(|word| code.contains(*word)).map(ToString::to_string);
    words.chain(clauses(&code).into_iter().filter(|clause| is_required(clause) || retypes(clause))).collect()
}

/// Statements, and the parts of each between commas that are in no parentheses.
fn clauses(code: &str) -> Vec<String> {
    let mut depth = 0;
    let parts = code.split(|letter| {
        depth += match letter {
            '(' => 1,
            ')' => -1,
            _ => 0,
        };
        letter == ';' || (letter == ',' && depth == 0)
    });
    parts.map(|part| part.trim().to_owned()).collect()
}

/// A new column that the version before would have to fill.
fn is_required(clause: &str) -> bool {
    clause.contains("ADD COLUMN") && clause.contains("NOT NULL") && !clause.contains("DEFAULT")
}

/// A column of another type: ALTER COLUMN name TYPE, with or without the words that may be left out.
fn retypes(clause: &str) -> bool {
    let clause = clause.replace("ALTER COLUMN ", "ALTER ").replace(" SET DATA TYPE", " TYPE");
    let words: Vec<&str> = clause.split(' ').collect();
    words.windows(3).any(|three| matches!(three, ["ALTER", name, "TYPE"] if *name != "TABLE"))
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
        "ALTER TABLE orders ADD COLUMN price numeric(10, 2) NOT NULL;",
        "ALTER TABLE orders\n    ALTER COLUMN zone TYPE integer USING zone::integer;",
        "ALTER TABLE orders ADD COLUMN place text, ALTER zone SET DATA TYPE varchar(9);",
        "ALTER TABLE orders ALTER COLUMN zone DROP DEFAULT;",
        "DROP INDEX IF EXISTS orders_zone;",
        "DROP FUNCTION place_of(text);",
        "DROP TRIGGER told ON orders;",
        "DROP VIEW shown;",
        "ALTER TABLE orders ADD CHECK (zone <> '');",
        "ALTER TABLE orders\n    ADD UNIQUE (zone, order_id);",
        "ALTER TABLE orders ADD PRIMARY KEY (order_id);",
    ] {
        assert!(!taken_away(bad).is_empty(), "{bad}");
        assert!(taken_away(&format!("-- contract: since 0.2.0 nobody uses it\n{bad}")).is_empty());
    }
    for good in [
        "-- DROP TABLE is not meant\nCREATE TABLE new (id uuid NOT NULL);",
        "ALTER TABLE orders ADD COLUMN place text;",
        "ALTER TABLE orders ADD COLUMN place text NOT NULL DEFAULT '';",
        "ALTER TABLE orders ALTER COLUMN zone DROP NOT NULL;",
        "ALTER TABLE orders ADD COLUMN place text CHECK (place IN ('a', 'b'));",
        "ALTER TABLE event_log ADD COLUMN type text, ALTER COLUMN type SET DEFAULT 'x';",
        "ALTER TYPE kind ADD VALUE 'other';",
        "CREATE TABLE new (id uuid PRIMARY KEY, zone text UNIQUE, CHECK (zone <> ''));",
    ] {
        assert_eq!(taken_away(good), Vec::<String>::new(), "{good}");
    }
}
