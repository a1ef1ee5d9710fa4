//! Every format that was ever published stays readable: `golden/` holds one file for each and only grows.

use std::{collections::BTreeSet, fs, path::Path};

use anyhow::{Context as _, Result};
use dispatch_contracts::event::{Decoded, Payload, TYPES, decode, type_name};

const SEED_COURIER: &str =
    r#"{"courierId":"a97261aa-2907-498e-aa24-3bce25590a46","name":"first_courirer","zone":"S","isAvailable":true}"#;
const SEED_ORDER: &str = r#"{"orderId":"b87261aa-2907-498e-aa24-3bce25590a46","details":"Buy something","zone":"S","addedAt":"2021-07-18T10:22:10.170682Z"}"#;

fn golden(name: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(name);
    fs::read_to_string(&path).with_context(|| format!("{}", path.display()))
}

fn event(body: &str) -> Result<dispatch_contracts::event::Event> {
    match decode(body)? {
        Decoded::Event(event) => Ok(event),
        Decoded::UnknownType(name) => anyhow::bail!("unknown type {name}"),
    }
}

#[test]
fn the_seed_messages_stand_byte_for_byte() -> Result<()> {
    assert_eq!(golden("seed-courier.json")?.trim_end(), SEED_COURIER);
    assert_eq!(golden("seed-order.json")?.trim_end(), SEED_ORDER);
    let Payload::AddCourier(courier) = event(SEED_COURIER)?.payload else { anyhow::bail!("no AddCourier") };
    assert_eq!((courier.name.as_str(), courier.is_available), ("first_courirer", true));
    let Payload::AddOrder(order) = event(SEED_ORDER)?.payload else { anyhow::bail!("no AddOrder") };
    assert_eq!((order.details.as_str(), order.zone.as_str(), order.priority.get()), ("Buy something", "S", 0));
    assert_eq!(dispatch_contracts::timestamp::format(order.added_at), "2021-07-18T10:22:10.170682Z");
    Ok(())
}

#[test]
fn every_golden_file_is_readable() -> Result<()> {
    let (mut seen, mut types) = (0, BTreeSet::new());
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"))? {
        let path = entry?.path();
        let body = fs::read_to_string(&path)?;
        let event = event(&body).with_context(|| format!("{}", path.display()))?;
        // What is told without reading all of it is what reading all of it says.
        assert_eq!(type_name(&body), Some(event.payload.type_name()), "{}", path.display());
        types.insert(event.payload.type_name());
        seen += 1;
    }
    assert!(seen >= 10, "only {seen} golden files");
    assert_eq!(types, BTreeSet::from(TYPES), "a format of each type");
    Ok(())
}

/// What we write today is the newest golden file of its type, byte for byte.
#[test]
fn todays_formats_are_written_as_the_golden_files_say() -> Result<()> {
    for name in [
        "add-courier.json",
        "add-courier-with-capacity.json",
        "add-order.json",
        "order-picked-up.json",
        "order-delivered.json",
        "order-cancelled.json",
        "order-rejected.json",
        "order-assigned.json",
        "order-assigned-by-hand.json",
        "order-unassigned.json",
        "order-unassigned-rejected.json",
        "order-unassigned-courier-left.json",
        "order-unassigned-by-hand.json",
    ] {
        let body = golden(name)?;
        assert_eq!(event(&body)?.to_json(), body.trim_end(), "{name}");
    }
    Ok(())
}
