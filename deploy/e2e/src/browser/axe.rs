//! What axe-core finds in a page.

use anyhow::{Context as _, Result};
use fantoccini::Client;
use serde_json::{Value, json};

/// Version and licence: vendor/axe-core/README.md.
const AXE: &str = include_str!("../../vendor/axe-core/axe.min.js");

/// Nothing is loaded for it, so it looks at all of the page at one moment, however live that is.
const RUN: &str = r"
    const done = arguments[0];
    axe.run(document, { resultTypes: ['violations'], preload: false }).then(
        (found) => done({ violations: found.violations, passes: found.passes.length }),
        (error) => done({ error: String(error) }),
    );
";

/// Its serious and critical findings: which rule, how grave, and where.
pub(super) async fn findings(client: &Client) -> Result<Vec<String>> {
    client.execute(AXE, Vec::new()).await?;
    let found = client.execute_async(RUN, Vec::new()).await?;
    let violations = found["violations"].as_array().with_context(|| format!("axe-core: {found}"))?;
    anyhow::ensure!(found["passes"].as_u64() > Some(0), "axe-core looked at nothing: {found}");
    let grave = violations.iter().filter(|found| ["serious", "critical"].map(Value::from).contains(&found["impact"]));
    let places = |found: &Value| {
        let nodes = found["nodes"].as_array().into_iter().flatten();
        json!(nodes.map(|node| json!([node["target"], node["failureSummary"]])).collect::<Vec<_>>())
    };
    Ok(grave.map(|found| format!("{} ({}): {}", found["id"], found["impact"], places(found))).collect())
}
