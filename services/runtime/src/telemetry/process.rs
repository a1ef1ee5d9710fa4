//! What the process takes of its machine: processor, memory, files, threads.

use metrics_process::Collector;

/// Measures it now.
pub(super) fn measure() {
    Collector::default().collect();
}
