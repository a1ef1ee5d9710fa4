//! Generates the gRPC code of `dispatch/v1/*.proto`. protox compiles the files in Rust, so no protoc is needed.

use std::{env, error::Error, fs, path::PathBuf};

use prost::Message as _;

const FILES: [&str; 4] = [
    "dispatch/v1/order.proto",
    "dispatch/v1/courier.proto",
    "dispatch/v1/assignment.proto",
    "dispatch/v1/message.proto",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=dispatch");
    let descriptors = protox::compile(FILES, ["."])?;
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Kept beside the code: gRPC reflection serves it.
    fs::write(out.join("dispatch.v1.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    Ok(())
}
