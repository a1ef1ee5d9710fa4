//! Names of zones.

use dispatch_contracts::zone::Zone;
use serde_json::{from_value, json};

/// What holds of any text that is given as a zone: it is refused or kept as it is, by every way in alike; and what is kept
/// stands within the braces of a Redis key, and in a path, without being taken for something else.
///
/// # Panics
/// One of that does not hold.
pub fn zone(text: &str) {
    let parsed = text.parse::<Zone>();
    let in_json = from_value::<Zone>(json!(text));
    assert_eq!(parsed.as_ref().ok(), in_json.as_ref().ok(), "JSON and paths have the same rule");
    let Ok(zone) = parsed else {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
        assert!(text.is_empty() || text.len() > Zone::MAX_LENGTH || !text.chars().all(allowed), "refused: {text}");
        return;
    };
    assert_eq!((zone.as_str(), zone.to_string().as_str()), (text, text));
    assert_eq!(json!(zone), json!(text));
    assert!((1..=Zone::MAX_LENGTH).contains(&text.len()));
    let breaks_out = |c: char| c.is_whitespace() || c.is_control() || !c.is_ascii() || "{}/?#%\"\\&+=".contains(c);
    assert!(!text.contains(breaks_out), "{text:?}");
}
